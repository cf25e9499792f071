package fdm_test

import (
	"math/big"
	"math/bits"
	"math/rand"
	"reflect"
	"slices"
	"testing"
	"testing/quick"

	"vsphere-ha/lab/vcenter/fdm"
)

func same(n int) []fdm.Size { return slices.Repeat([]fdm.Size{{CPU: 20000, Memory: 32768}}, n) }

func TestAutomaticShareOfEqualHostsIsTheToleratedPart(t *testing.T) {
	for n := 2; n < 10; n++ {
		cpu, memory := fdm.Percentage{Auto: true, Tolerate: 1}.Share(same(n))
		if want := 100 / float64(n); cpu < want-1e-9 || cpu > want+1e-9 || memory != cpu {
			t.Errorf("%d hosts: %v and %v, not %v", n, cpu, memory, want)
		}
	}
}

func TestPercentagePolicyAdmitsUpToTheShare(t *testing.T) {
	load := fdm.Load{CPU: 6000, Memory: 100}
	for name, p := range map[string]fdm.Percentage{
		"automatic": {Auto: true, Tolerate: 1}, "explicit": {CPU: 34, Memory: 1},
	} {
		if !p.Admits(same(3), slices.Repeat([]fdm.Load{load}, 6)) {
			t.Errorf("%s: 36,000 of 60,000 MHz with a third kept free must be admitted", name)
		}
		if p.Admits(same(3), slices.Repeat([]fdm.Load{load}, 7)) {
			t.Errorf("%s: 42,000 of 60,000 MHz with a third kept free must be refused", name)
		}
	}
}

// The Deep Dive's example: hosts of 16, 16 and 32 GB, and a machine that reserves 1 GB, overhead left aside.
func TestSlotsOfAnUnbalancedCluster(t *testing.T) {
	hosts := []fdm.Size{{CPU: 1e6, Memory: 16384}, {CPU: 1e6, Memory: 16384}, {CPU: 1e6, Memory: 32768}}
	loads := []fdm.Load{{CPU: 32, Memory: 1024}}
	for tolerate, left := range map[int]int{0: 63, 1: 31, 2: 15} {
		got := fdm.SlotPolicy{Tolerate: tolerate}.Count(hosts, loads)
		if !slices.Equal(got.PerHost, []int{16, 16, 32}) || got.Total != 64 || got.Used != 1 || got.Unreserved != left || got.Level != 2 {
			t.Errorf("tolerating %d: %+v", tolerate, got)
		}
	}
}

func TestMachineLargerThanAFixedSlotTakesSeveral(t *testing.T) {
	loads := []fdm.Load{{CPU: 32, Memory: 4096}, {CPU: 100, Memory: 1000}, {CPU: 1500, Memory: 10}}
	for name, p := range map[string]fdm.SlotPolicy{
		"fixed": {Fixed: fdm.Size{CPU: 500, Memory: 1024}}, "limited": {AtMost: fdm.Size{CPU: 500, Memory: 1024}},
	} {
		if got := p.Count(same(2), loads); !slices.Equal(got.PerLoad, []int{4, 1, 3}) || got.Used != 8 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestMachinesWithoutReservationCountForTheDefaults(t *testing.T) {
	overhead := fdm.Overhead(1024, 1)
	if got := fdm.StandardDefaults.LoadOf(0, 0, 1024, 1); got != (fdm.Load{CPU: 32, Memory: overhead}) {
		t.Errorf("%+v", got)
	}
	if got := (fdm.Defaults{CPU: 256, Memory: 512}).LoadOf(100, 0, 1024, 1); got != (fdm.Load{CPU: 256, Memory: 512 + overhead}) {
		t.Errorf("%+v", got)
	}
	if got := fdm.StandardDefaults.LoadOf(1000, 700, 1024, 1); got != (fdm.Load{CPU: 1000, Memory: 700 + overhead}) {
		t.Errorf("%+v", got)
	}
}

// Of three hosts of 20,000 MHz and 32,768 MB, two are left.
func TestMachinesDegradeWhereTheyUseMoreThanIsLeftLessWhatTheyTolerate(t *testing.T) {
	for _, row := range []struct {
		used      fdm.Load
		tolerated int
		want      bool
	}{
		{fdm.Load{CPU: 40000, Memory: 65536}, 0, false}, {fdm.Load{CPU: 40001}, 0, true}, {fdm.Load{Memory: 65537}, 0, true},
		{fdm.Load{CPU: 50000}, 20, false}, {fdm.Load{CPU: 50010}, 20, true}, {fdm.Load{CPU: 60000, Memory: 98304}, 100, false},
	} {
		if got := fdm.Degrades(same(3), 1, row.used, row.tolerated); got != row.want {
			t.Errorf("%+v, tolerating %d %%: %v", row.used, row.tolerated, got)
		}
	}
}

// site is a random cluster: up to six hosts of any size, machines that may or may not fit.
type site struct {
	Hosts    []fdm.Size
	Loads    []fdm.Load
	Tolerate int
	Percent  [2]int64
	Fixed    fdm.Size
}

func (site) Generate(r *rand.Rand, _ int) reflect.Value {
	s := site{Tolerate: r.Intn(4), Percent: [2]int64{r.Int63n(101), r.Int63n(101)}}
	for range 1 + r.Intn(6) {
		s.Hosts = append(s.Hosts, fdm.Size{CPU: 1000 + r.Int63n(20000), Memory: 1000 + r.Int63n(40000)})
	}
	most := []int64{100, 2000, 30000}[r.Intn(3)]
	for range r.Intn(20) {
		s.Loads = append(s.Loads, fdm.Load{CPU: 32 + r.Int63n(most), Memory: 20 + r.Int63n(most)})
	}
	if r.Intn(2) == 0 {
		s.Fixed = fdm.Size{CPU: 32 + r.Int63n(2000), Memory: 100 + r.Int63n(2000)}
	}
	return reflect.ValueOf(s)
}

// failures calls f with what every set of n failing hosts leaves; with all hosts where there are not as many.
func (s site) failures(n int, f func(left, lost []fdm.Size)) {
	n = min(n, len(s.Hosts))
	for set := range uint(1) << len(s.Hosts) {
		if bits.OnesCount(set) != n {
			continue
		}
		var left, lost []fdm.Size
		for i, h := range s.Hosts {
			if set>>i&1 == 1 {
				lost = append(lost, h)
			} else {
				left = append(left, h)
			}
		}
		f(left, lost)
	}
}

func total[T any](list []T, of func(T) int64) *big.Rat {
	sum := new(big.Rat)
	for _, x := range list {
		sum.Add(sum, new(big.Rat).SetInt64(of(x)))
	}
	return sum
}

func check(t *testing.T, property any) {
	t.Helper()
	if err := quick.Check(property, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
}

// Independent of the code: in exact fractions, and over every set of hosts that may fail, not the largest ones.
func TestPercentagePolicyAgreesWithItsDefinitionOnAnyCluster(t *testing.T) {
	loadCPU, loadMemory := func(l fdm.Load) int64 { return l.CPU }, func(l fdm.Load) int64 { return l.Memory }
	hostCPU, hostMemory := func(h fdm.Size) int64 { return h.CPU }, func(h fdm.Size) int64 { return h.Memory }
	admits := func(s site, load func(fdm.Load) int64, host func(fdm.Size) int64, percent *big.Rat) bool {
		all := total(s.Hosts, host)
		free := new(big.Rat).Sub(all, total(s.Loads, load))
		if percent != nil {
			kept := new(big.Rat).Mul(all, new(big.Rat).Quo(percent, big.NewRat(100, 1)))
			return free.Cmp(kept) >= 0
		}
		fits := true
		s.failures(s.Tolerate, func(_, lost []fdm.Size) { fits = fits && free.Cmp(total(lost, host)) >= 0 })
		return fits
	}
	admitted, refused := 0, 0
	check(t, func(s site) bool {
		explicit := fdm.Percentage{CPU: float64(s.Percent[0]), Memory: float64(s.Percent[1])}
		auto := fdm.Percentage{Auto: true, Tolerate: s.Tolerate}
		wantExplicit := admits(s, loadCPU, hostCPU, big.NewRat(s.Percent[0], 1)) && admits(s, loadMemory, hostMemory, big.NewRat(s.Percent[1], 1))
		wantAuto := admits(s, loadCPU, hostCPU, nil) && admits(s, loadMemory, hostMemory, nil)
		if wantAuto {
			admitted++
		} else {
			refused++
		}
		return explicit.Admits(s.Hosts, s.Loads) == wantExplicit && auto.Admits(s.Hosts, s.Loads) == wantAuto
	})
	if admitted < 500 || refused < 500 {
		t.Errorf("%d admitted and %d refused: the clusters are not varied", admitted, refused)
	}
}

func TestSlotPolicyAgreesWithItsDefinitionOnAnyCluster(t *testing.T) {
	admitted, refused := 0, 0
	check(t, func(s site) bool {
		p := fdm.SlotPolicy{Tolerate: s.Tolerate, Fixed: s.Fixed}
		slot := s.Fixed
		if slot == (fdm.Size{}) {
			slot = fdm.Size{CPU: 32, Memory: 1}
			for _, l := range s.Loads {
				slot = fdm.Size{CPU: max(slot.CPU, l.CPU), Memory: max(slot.Memory, l.Memory)}
			}
		}
		used := 0
		for _, l := range s.Loads {
			n := 1
			for int64(n)*slot.CPU < l.CPU || int64(n)*slot.Memory < l.Memory {
				n++
			}
			used += n
		}
		holds := func(hosts []fdm.Size) int {
			sum := 0
			for _, h := range hosts {
				n := 0
				for int64(n+1)*slot.CPU <= h.CPU && int64(n+1)*slot.Memory <= h.Memory {
					n++
				}
				sum += n
			}
			return sum
		}
		worst := holds(s.Hosts)
		s.failures(s.Tolerate, func(left, _ []fdm.Size) { worst = min(worst, holds(left)) })
		level := -1
		for n := 0; n <= len(s.Hosts); n++ {
			survives := true
			s.failures(n, func(left, _ []fdm.Size) { survives = survives && holds(left) >= used })
			if survives {
				level = n
			}
		}
		wanted := len(s.Loads) == 0 || worst >= used && s.Tolerate <= len(s.Hosts)
		if wanted {
			admitted++
		} else {
			refused++
		}
		got := p.Count(s.Hosts, s.Loads)
		return got.Size == slot && got.Total == holds(s.Hosts) && got.Used == used && got.Level == level &&
			got.Unreserved == max(0, worst-used) && p.Admits(s.Hosts, s.Loads) == wanted
	})
	if admitted < 500 || refused < 500 {
		t.Errorf("%d admitted and %d refused: the clusters are not varied", admitted, refused)
	}
}

func TestOverheadFollowsTheDocumentedTable(t *testing.T) {
	for _, row := range []struct {
		memory, cpus int
		want         float64
	}{{256, 1, 20.29}, {1024, 1, 25.90}, {4096, 1, 48.64}, {1024, 2, 29.91}, {1024, 4, 37.86}, {16384, 1, 139.62}} {
		if got := float64(fdm.Overhead(row.memory, row.cpus)); got < row.want-2 || got > row.want+2 {
			t.Errorf("%d MB, %d CPUs: %v, documented %v", row.memory, row.cpus, got, row.want)
		}
	}
}
