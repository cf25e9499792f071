package fdm_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vsphere-ha/lab/vcenter/fdm"
)

func same(n int) []fdm.Size { return slices.Repeat([]fdm.Size{{CPU: 20000, Memory: 32768}}, n) }

func TestAutomaticShareOfEqualHostsIsTheToleratedPart(t *testing.T) {
	for n := 2; n < 10; n++ {
		if got, want := fdm.AutoShare(same(n), 1).CPU, 100/float64(n); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("%d hosts: %v, not %v", n, got, want)
		}
	}
}

func TestPercentagePolicyAdmitsUpToTheShare(t *testing.T) {
	load := fdm.Load{CPU: 6000, Memory: 100}
	share := fdm.AutoShare(same(3), 1)
	if !fdm.AdmitsPercentage(same(3), slices.Repeat([]fdm.Load{load}, 6), share) {
		t.Error("36,000 of 60,000 MHz with a third kept free must be admitted")
	}
	if fdm.AdmitsPercentage(same(3), slices.Repeat([]fdm.Load{load}, 7), share) {
		t.Error("42,000 of 60,000 MHz with a third kept free must be refused")
	}
}

// What the slot policy admits really fits on the hosts that remain when the largest fails.
func TestSlotsThatAreUnreservedFitAfterAFailure(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		hosts := make([]fdm.Size, 2+r.IntN(6))
		for i := range hosts {
			hosts[i] = fdm.Size{CPU: 1000 + r.Int64N(20000), Memory: 1000 + r.Int64N(40000)}
		}
		loads := make([]fdm.Load, r.IntN(20))
		for i := range loads {
			loads[i] = fdm.Load{CPU: 32 + r.Int64N(1000), Memory: 20 + r.Int64N(2000)}
		}
		s := fdm.CountSlots(hosts, loads, 1, fdm.Size{})
		left, best := 0, 0
		for _, h := range hosts {
			n := int(min(h.CPU/s.CPU, h.Memory/s.Memory))
			left += n
			best = max(best, n)
		}
		if want := max(0, left-best-len(loads)); s.Unreserved != want {
			t.Fatalf("unreserved %d, not %d, for %v and %v", s.Unreserved, want, hosts, loads)
		}
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
