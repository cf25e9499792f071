package vc_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/performance"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/labtest"
)

func withoutHA(c *types.ClusterConfigSpecEx) { c.DasConfig.Enabled = types.NewBool(false) }

// small is a site without HA whose hosts have one processor core.
func small(t *testing.T, scale float64, hosts int) *site {
	l := labtest.Start(t, scale, func(c *config.Config) {
		for i := range c.Hosts {
			c.Hosts[i].Cores = 1
		}
	})
	s := &site{Lab: l, hosts: l.Hosts(hosts)}
	s.ds = l.NAS("ha-a", 0, s.hosts...)
	s.cluster = l.Cluster("ha", s.hosts, withoutHA)
	return s
}

// query asks for counters of one object and returns their values by name.
func (s *site) query(ref types.ManagedObjectReference, q types.PerfQuerySpec, names ...string) (map[string][]int64, []types.PerfSampleInfo, error) {
	s.T.Helper()
	m := performance.NewManager(s.Client.Client)
	keys, err := m.CounterInfoByName(s.Ctx())
	s.Must(err)
	byKey := map[int32]string{}
	for _, n := range names {
		if keys[n] == nil {
			s.T.Fatalf("there is no counter %s", n)
		}
		q.MetricId = append(q.MetricId, types.PerfMetricId{CounterId: keys[n].Key})
		byKey[keys[n].Key] = n
	}
	q.Entity = ref
	list, err := m.Query(s.Ctx(), []types.PerfQuerySpec{q})
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	metric := list[0].(*types.PerfEntityMetric)
	values := map[string][]int64{}
	for _, v := range metric.Value {
		series := v.(*types.PerfMetricIntSeries)
		values[byKey[series.Id.CounterId]] = series.Value
	}
	return values, metric.SampleInfo, nil
}

// latest is the last real-time sample of an object.
func (s *site) latest(ref types.ManagedObjectReference, names ...string) map[string]int64 {
	s.T.Helper()
	values, _, err := s.query(ref, types.PerfQuerySpec{IntervalId: 20, MaxSample: 1}, names...)
	s.Must(err)
	last := map[string]int64{}
	for name, list := range values {
		last[name] = list[len(list)-1]
	}
	return last
}

func between(v, low, high int64) bool { return v >= low && v <= high }

func TestCountersFollowTheLoadOfAGuestAndAgreeWithQuickStatistics(t *testing.T) {
	s := newSite(t, 60, 2)
	vm := s.ubuntu("u1")
	s.Up(vm)
	cpus := int64(s.VM(vm).Config.Hardware.NumCPU)
	usage := func() int64 { return s.latest(vm.Reference(), "cpu.usage.average")["cpu.usage.average"] }
	s.Until("the guest idles", func() bool { v := usage(); return v > 0 && v < 500 })
	for _, level := range []int64{25, 75} {
		pid := s.InGuest(vm, "/usr/bin/stress-ng", fmt.Sprintf("--cpu 0 --cpu-load %d", level))
		s.Until(fmt.Sprintf("the guest is loaded to %d %%", level), func() bool { return between(usage(), level*100, level*100+300) })
		host := s.HostOf(vm)
		s.Until("quick statistics agree", func() bool {
			q, h := s.VM(vm).Summary.QuickStats, s.Host(s.hosts[labtest.IndexOf(s.hosts, host)]).Summary.QuickStats
			v, w := s.latest(vm.Reference(), "cpu.usagemhz.average", "mem.active.average"), s.latest(host, "cpu.usagemhz.average", "mem.consumed.average")
			return int64(q.OverallCpuUsage) == v["cpu.usagemhz.average"] && int64(h.OverallCpuUsage) == w["cpu.usagemhz.average"] &&
				between(v["mem.active.average"]/1024, int64(q.GuestMemoryUsage)-1, int64(q.GuestMemoryUsage)) &&
				w["mem.consumed.average"] == int64(h.OverallMemoryUsage)*1024 && h.OverallCpuUsage > q.OverallCpuUsage &&
				between(v["cpu.usagemhz.average"], 26*level*cpus, 26*level*cpus+100*cpus)
		})
		s.Must(s.Processes(vm).TerminateProcess(s.Ctx(), root, pid))
	}
	s.Until("the guest idles again", func() bool { return usage() < 500 })
}

func TestMachinesOfAnOverloadedHostGetLessAndTheirReadyTimeRises(t *testing.T) {
	s := small(t, 60, 1)
	var vms []*object.VirtualMachine
	for _, name := range []string{"a", "b"} {
		vm := s.ubuntu(name)
		s.Up(vm)
		vms = append(vms, vm)
	}
	names := []string{"cpu.usagemhz.average", "cpu.demand.average", "cpu.ready.summation"}
	s.Until("nobody waits while both idle", func() bool {
		v := s.latest(vms[0].Reference(), names...)
		return v["cpu.demand.average"] > 0 && v["cpu.demand.average"] < 200 && v["cpu.ready.summation"] == 0
	})
	for _, vm := range vms {
		s.InGuest(vm, "/usr/bin/stress-ng", "--cpu 1")
	}
	s.Until("they share the host's only core", func() bool {
		a, b := s.latest(vms[0].Reference(), names...), s.latest(vms[1].Reference(), names...)
		return between(a["cpu.usagemhz.average"], 1200, 1300) && a["cpu.usagemhz.average"] == b["cpu.usagemhz.average"] &&
			a["cpu.demand.average"] >= 2600 && between(a["cpu.ready.summation"], 10000, 12000)
	})
	if host := s.latest(s.hosts[0].Reference(), "cpu.usage.average"); host["cpu.usage.average"] != 10000 {
		t.Errorf("the host is used to %v", host)
	}
	if q := s.VM(vms[0]).Summary.QuickStats; q.OverallCpuReadiness < 20 || q.OverallCpuDemand <= q.OverallCpuUsage {
		t.Errorf("quick statistics %+v", q)
	}
}

func TestRealTimeSamplesAreTwentySecondsApartAndLimitedAsAskedFor(t *testing.T) {
	s := newSite(t, 100, 1)
	ref := s.hosts[0].Reference()
	all := func(q types.PerfQuerySpec) ([]types.PerfSampleInfo, error) {
		_, info, err := s.query(ref, q, "cpu.usage.average")
		return info, err
	}
	var info []types.PerfSampleInfo
	s.Until("there are samples", func() bool {
		info, _ = all(types.PerfQuerySpec{IntervalId: 20})
		return len(info) >= 6
	})
	for i := 1; i < len(info); i++ {
		apart := s.labSeconds(info[i-1].Timestamp, info[i].Timestamp)
		if info[i].Interval != 20 || !near(apart/20, float64(int(apart/20+0.5)), 0.01) || apart < 19 {
			t.Errorf("sample %d is %.1f s after the one before, interval %d", i, apart, info[i].Interval)
		}
	}
	got, err := all(types.PerfQuerySpec{IntervalId: 20, StartTime: &info[1].Timestamp, EndTime: &info[3].Timestamp})
	if err != nil || len(got) != 2 || !got[0].Timestamp.Equal(info[2].Timestamp) || !got[1].Timestamp.Equal(info[3].Timestamp) {
		t.Errorf("after %s until %s: %+v, %v", info[1].Timestamp, info[3].Timestamp, got, err)
	}
	if got, err = all(types.PerfQuerySpec{IntervalId: 20, MaxSample: 2}); err != nil || len(got) != 2 || got[1].Timestamp.Before(info[5].Timestamp) {
		t.Errorf("the last two: %+v, %v", got, err)
	}
	if _, err = all(types.PerfQuerySpec{IntervalId: 42}); !fault.Is(err, new(types.InvalidArgument)) {
		t.Errorf("an interval that is not kept: %v", err)
	}
}

func TestHistoricalStatisticsCoverFiveMinutesEach(t *testing.T) {
	s := newSite(t, 1000, 1)
	var values map[string][]int64
	s.Until("there is history", func() bool {
		var info []types.PerfSampleInfo
		var err error
		values, info, err = s.query(s.cluster.Reference(), types.PerfQuerySpec{IntervalId: 300}, "cpu.usage.average", "cpu.usagemhz.average", "mem.usage.average")
		return err == nil && len(info) >= 2 && info[0].Interval == 300 && near(s.labSeconds(info[0].Timestamp, info[1].Timestamp), 300, 1)
	})
	if v := values["cpu.usagemhz.average"]; v[0] < 100 || values["cpu.usage.average"][0] == 0 || values["mem.usage.average"][0] == 0 {
		t.Errorf("%v", values)
	}
	if _, _, err := s.query(s.cluster.Reference(), types.PerfQuerySpec{IntervalId: 20}, "cpu.usage.average"); !fault.Is(err, new(types.InvalidArgument)) {
		t.Errorf("real-time statistics of a cluster: %v", err)
	}
}

func TestProviderSummaryAndAvailableMetricsTellWhatThereIs(t *testing.T) {
	s := newSite(t, 60, 1, withoutHA)
	vm := s.ubuntu("u1")
	s.Up(vm)
	m := performance.NewManager(s.Client.Client)
	for ref, rate := range map[types.ManagedObjectReference]int32{vm.Reference(): 20, s.hosts[0].Reference(): 20, s.cluster.Reference(): 0} {
		sum, err := m.ProviderSummary(s.Ctx(), ref)
		if err != nil || sum.RefreshRate != rate || sum.CurrentSupported != (rate > 0) || !sum.SummarySupported {
			t.Errorf("%s: %+v, %v", ref, sum, err)
		}
	}
	infos, err := m.CounterInfoByKey(s.Ctx())
	s.Must(err)
	names := func(ref types.ManagedObjectReference) string {
		list, err := m.AvailableMetric(s.Ctx(), ref, 20)
		s.Must(err)
		var all []string
		for _, id := range list {
			all = append(all, infos[id.CounterId].Name())
		}
		return strings.Join(all, " ")
	}
	s.Until("the machine has samples", func() bool { return names(vm.Reference()) != "" })
	for _, n := range []string{"cpu.usage.average", "cpu.usagemhz.average", "cpu.ready.summation", "cpu.demand.average", "mem.usage.average", "disk.usage.average", "net.usage.average"} {
		if !strings.Contains(names(vm.Reference()), n) || !strings.Contains(names(s.hosts[0].Reference()), n) {
			t.Errorf("%s is missing", n)
		}
	}
	off, err := s.Finder.VirtualMachine(s.Ctx(), "windows-xp-sp3") // a template
	s.Must(err)
	values, _, err := s.query(off.Reference(), types.PerfQuerySpec{IntervalId: 300}, "cpu.usage.average")
	if err != nil || len(values) > 0 {
		t.Errorf("a machine that did not run: %v, %v", values, err)
	}
	if _, err := methods.QueryPerfCounter(s.Ctx(), s.Client.Client, &types.QueryPerfCounter{This: m.Reference(), CounterId: []int32{99999}}); !fault.Is(err, new(types.InvalidArgument)) {
		t.Errorf("an unknown counter: %v", err)
	}
}

func TestCompositeAndCompactFormsHoldTheSameNumbers(t *testing.T) {
	s := newSite(t, 60, 1, withoutHA)
	vm := s.ubuntu("u1")
	s.Up(vm)
	s.Until("the machine has samples", func() bool { return len(s.latest(vm.Reference(), "cpu.usagemhz.average")) > 0 })
	end := time.Now()
	m := performance.NewManager(s.Client.Client)
	keys, err := m.CounterInfoByName(s.Ctx())
	s.Must(err)
	spec := types.PerfQuerySpec{
		Entity: s.hosts[0].Reference(), IntervalId: 20, EndTime: &end, MetricId: []types.PerfMetricId{{CounterId: keys["cpu.usagemhz.average"].Key}},
	}
	res, err := methods.QueryPerfComposite(s.Ctx(), s.Client.Client, &types.QueryPerfComposite{This: m.Reference(), QuerySpec: spec})
	s.Must(err)
	own, ok := res.Returnval.Entity.(*types.PerfEntityMetric)
	if !ok || len(own.SampleInfo) == 0 || len(res.Returnval.ChildEntity) == 0 {
		t.Fatalf("%+v", res.Returnval)
	}
	spec.Format = string(types.PerfFormatCsv)
	list, err := m.Query(s.Ctx(), []types.PerfQuerySpec{spec})
	s.Must(err)
	compact := list[0].(*types.PerfEntityMetricCSV)
	var values []string
	for _, v := range own.Value[0].(*types.PerfMetricIntSeries).Value {
		values = append(values, fmt.Sprint(v))
	}
	if compact.Value[0].Value != strings.Join(values, ",") || !strings.HasPrefix(compact.SampleInfoCSV, "20,") {
		t.Errorf("%+v, expected %v", compact, values)
	}
}
