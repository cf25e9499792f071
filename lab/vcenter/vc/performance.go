package vc

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/perf"
)

// performanceManager answers with what the lab measures. Counters that it does not compute are listed, as every vCenter
// lists them all, but are available for no object.
type performanceManager struct {
	*simulator.PerformanceManager
	s *Sim
}

// describePerformance corrects what the simulator says of intervals: its keys are not unique.
func (s *Sim) describePerformance() {
	names := []string{"Past day", "Past week", "Past month", "Past year"}
	lengths := []time.Duration{24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 365 * 24 * time.Hour}
	var list []types.PerfInterval
	for i, interval := range perf.Intervals() {
		list = append(list, types.PerfInterval{
			Key: int32(i + 1), Name: names[i], SamplingPeriod: seconds(interval), Length: seconds(lengths[i]), Level: 1, Enabled: true,
		})
	}
	registry := s.svc.Context.Map
	for _, o := range registry.AllReference("PerformanceManager") {
		if m, ok := o.(*simulator.PerformanceManager); ok {
			m.HistoricalInterval = list
		}
	}
}

func seconds(d time.Duration) int32 { return int32(d / time.Second) }

// realTime tells whether an object has real-time statistics; clusters have historical ones only.
func realTime(ref types.ManagedObjectReference) bool {
	return ref.Type == "HostSystem" || ref.Type == "VirtualMachine"
}

// counters are the metrics of an object's kind, by key.
func (p *performanceManager) counters(ref types.ManagedObjectReference) map[int32]string {
	by := map[int32]string{}
	for _, c := range p.PerfCounter {
		name := c.GroupInfo.GetElementDescription().Key + "." + c.NameInfo.GetElementDescription().Key + "." + string(c.RollupType)
		known := perf.Counters[name]
		switch ref.Type {
		case "HostSystem":
			if known.Host {
				by[c.Key] = name
			}
		case "VirtualMachine":
			if known.VM {
				by[c.Key] = name
			}
		case "ClusterComputeResource":
			if known.Cluster {
				by[c.Key] = name
			}
		}
	}
	return by
}

// QueryPerfProviderSummary tells which statistics an object has.
func (p *performanceManager) QueryPerfProviderSummary(ctx *simulator.Context, req *types.QueryPerfProviderSummary) soap.HasFault {
	if ctx.Map.Get(req.Entity) == nil {
		return &methods.QueryPerfProviderSummaryBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.Entity})}
	}
	summary := types.PerfProviderSummary{Entity: req.Entity, SummarySupported: true, CurrentSupported: realTime(req.Entity)}
	if summary.CurrentSupported {
		summary.RefreshRate = seconds(perf.RealTime)
	}
	return &methods.QueryPerfProviderSummaryBody{Res: &types.QueryPerfProviderSummaryResponse{Returnval: summary}}
}

// QueryPerfCounter describes counters by key.
func (p *performanceManager) QueryPerfCounter(_ *simulator.Context, req *types.QueryPerfCounter) soap.HasFault {
	res := &types.QueryPerfCounterResponse{}
	for _, id := range req.CounterId {
		at := slices.IndexFunc(p.PerfCounter, func(c types.PerfCounterInfo) bool { return c.Key == id })
		if at < 0 {
			return &methods.QueryPerfCounterBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "counterId"})}
		}
		res.Returnval = append(res.Returnval, p.PerfCounter[at])
	}
	return &methods.QueryPerfCounterBody{Res: res}
}

// QueryPerfCounterByLevel lists the counters that a statistics level collects.
func (p *performanceManager) QueryPerfCounterByLevel(_ *simulator.Context, req *types.QueryPerfCounterByLevel) soap.HasFault {
	res := &types.QueryPerfCounterByLevelResponse{}
	for _, c := range p.PerfCounter {
		if c.Level <= req.Level {
			res.Returnval = append(res.Returnval, c)
		}
	}
	return &methods.QueryPerfCounterByLevelBody{Res: res}
}

// QueryAvailablePerfMetric lists the metrics of which there are samples in a time.
func (p *performanceManager) QueryAvailablePerfMetric(ctx *simulator.Context, req *types.QueryAvailablePerfMetric) soap.HasFault {
	if ctx.Map.Get(req.Entity) == nil {
		return &methods.QueryAvailablePerfMetricBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.Entity})}
	}
	res := &types.QueryAvailablePerfMetricResponse{}
	after, until := p.window(req.BeginTime, req.EndTime)
	intervals := append([]time.Duration{perf.RealTime}, perf.Intervals()...)
	if req.IntervalId != 0 {
		intervals = []time.Duration{time.Duration(req.IntervalId) * time.Second}
	}
	has := slices.ContainsFunc(intervals, func(d time.Duration) bool {
		return (d != perf.RealTime || realTime(req.Entity)) && len(p.s.stats.between(req.Entity, d, after, until)) > 0
	})
	if has {
		for key := range p.counters(req.Entity) {
			res.Returnval = append(res.Returnval, types.PerfMetricId{CounterId: key})
		}
		slices.SortFunc(res.Returnval, func(a, b types.PerfMetricId) int { return int(a.CounterId - b.CounterId) })
	}
	return &methods.QueryAvailablePerfMetricBody{Res: res}
}

// window converts the limits of a query to lab time; the start is excluded, the end included.
func (p *performanceManager) window(from, to *time.Time) (after, until time.Duration) {
	after, until = -1, 1<<62
	if from != nil {
		after = p.s.clock.At(*from)
	}
	if to != nil {
		until = p.s.clock.At(*to)
	}
	return after, until
}

// QueryPerf returns the samples of objects, the oldest first; objects without any are left out.
func (p *performanceManager) QueryPerf(ctx *simulator.Context, req *types.QueryPerf) soap.HasFault {
	res := &types.QueryPerfResponse{}
	for _, q := range req.QuerySpec {
		metric, fault := p.query(ctx, q)
		if fault != nil {
			return &methods.QueryPerfBody{Fault_: simulator.Fault("", fault)}
		}
		if metric != nil {
			res.Returnval = append(res.Returnval, metric)
		}
	}
	return &methods.QueryPerfBody{Res: res}
}

// QueryPerfComposite returns the samples of a host and of its machines.
func (p *performanceManager) QueryPerfComposite(ctx *simulator.Context, req *types.QueryPerfComposite) soap.HasFault {
	fail := func(f types.BaseMethodFault) soap.HasFault {
		return &methods.QueryPerfCompositeBody{Fault_: simulator.Fault("", f)}
	}
	q := req.QuerySpec
	if q.Entity.Type != "HostSystem" || len(q.MetricId) == 0 || q.MaxSample != 0 {
		return fail(&types.InvalidArgument{InvalidProperty: "querySpec"})
	}
	own, fault := p.query(ctx, q)
	if fault != nil {
		return fail(fault)
	}
	res := &types.QueryPerfCompositeResponse{Returnval: types.PerfCompositeMetric{Entity: own}}
	for _, m := range p.s.machinesOn(q.Entity) {
		q.Entity = m.ref
		if child, _ := p.query(ctx, q); child != nil {
			res.Returnval.ChildEntity = append(res.Returnval.ChildEntity, child)
		}
	}
	return &methods.QueryPerfCompositeBody{Res: res}
}

// query answers one specification; nil where there are no samples.
func (p *performanceManager) query(ctx *simulator.Context, q types.PerfQuerySpec) (types.BasePerfEntityMetricBase, types.BaseMethodFault) {
	if ctx.Map.Get(q.Entity) == nil {
		return nil, &types.ManagedObjectNotFound{Obj: q.Entity}
	}
	interval := time.Duration(q.IntervalId) * time.Second
	switch {
	case q.IntervalId == 0 && realTime(q.Entity):
		interval = perf.RealTime
	case q.IntervalId == 0:
		interval = perf.Intervals()[0]
	case interval == perf.RealTime && !realTime(q.Entity), interval != perf.RealTime && !slices.Contains(perf.Intervals(), interval):
		return nil, &types.InvalidArgument{InvalidProperty: "querySpec.interval"}
	}
	after, until := p.window(q.StartTime, q.EndTime)
	points := p.s.stats.between(q.Entity, interval, after, until)
	if n := int(q.MaxSample); n > 0 && n < len(points) && interval == perf.RealTime {
		points = points[len(points)-n:]
	}
	if len(points) == 0 {
		return nil, nil
	}
	m := &types.PerfEntityMetric{PerfEntityMetricBase: types.PerfEntityMetricBase{Entity: q.Entity}}
	for _, point := range points {
		m.SampleInfo = append(m.SampleInfo, types.PerfSampleInfo{Timestamp: p.s.clock.Time(point.At).UTC(), Interval: seconds(interval)})
	}
	known := p.counters(q.Entity)
	for _, id := range wanted(q.MetricId, known) {
		series := &PerfMetricIntSeries{PerfMetricSeries: types.PerfMetricSeries{Id: types.PerfMetricId{CounterId: id}}}
		for _, point := range points {
			series.Value = append(series.Value, perf.Value(known[id], point.Sample, interval.Seconds(), q.Entity.Type == "VirtualMachine"))
		}
		m.Value = append(m.Value, series)
	}
	if q.Format == string(types.PerfFormatCsv) {
		return csv(m), nil
	}
	return m, nil
}

// PerfMetricIntSeries is the API's type of this name, which goes into the answer's xsi:type. The library's own leaves out
// every zero of the values, so that they would no longer fit the sample times.
type PerfMetricIntSeries struct {
	types.PerfMetricSeries
	Value []int64 `xml:"value"`
}

// wanted are the known counters among the metrics asked for, or all. The lab has no instances: only the aggregate, which
// an empty instance or the wildcard names.
func wanted(metrics []types.PerfMetricId, known map[int32]string) []int32 {
	var ids []int32
	for _, m := range metrics {
		if known[m.CounterId] != "" && (m.Instance == "" || m.Instance == "*") && !slices.Contains(ids, m.CounterId) {
			ids = append(ids, m.CounterId)
		}
	}
	if len(metrics) == 0 {
		for id := range known {
			ids = append(ids, id)
		}
		slices.Sort(ids)
	}
	return ids
}

// csv writes samples in the compact form: interval and time alternate, values are joined by commas.
func csv(m *types.PerfEntityMetric) types.BasePerfEntityMetricBase {
	c := &types.PerfEntityMetricCSV{PerfEntityMetricBase: m.PerfEntityMetricBase}
	var info []string
	for _, s := range m.SampleInfo {
		info = append(info, strconv.Itoa(int(s.Interval)), s.Timestamp.Format(time.RFC3339Nano))
	}
	c.SampleInfoCSV = strings.Join(info, ",")
	for _, v := range m.Value {
		series := v.(*PerfMetricIntSeries)
		var values []string
		for _, n := range series.Value {
			values = append(values, strconv.FormatInt(n, 10))
		}
		c.Value = append(c.Value, types.PerfMetricSeriesCSV{PerfMetricSeries: series.PerfMetricSeries, Value: strings.Join(values, ",")})
	}
	return c
}
