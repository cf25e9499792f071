package perf

import "time"

// Field is a place in a sample.
type Field int

// What a sample holds, as means over its interval.
const (
	UsedMHz Field = iota
	DemandMHz
	// CapacityMHz is that of the host, or of all virtual CPUs.
	CapacityMHz
	// Ready is how many virtual CPUs waited for a processor.
	Ready
	ActiveMB
	ConsumedMB
	OverheadMB
	// MemoryMB is that of the host, or what the machine is configured with.
	MemoryMB
	DiskKBps
	NetKBps
	// LatencyMs is the highest of the disks'.
	LatencyMs
	fields
)

// Sample is one measurement of a host, machine or cluster.
type Sample [fields]float32

// Add sums samples, which makes a host or cluster of its parts.
func (s *Sample) Add(other Sample) {
	for i := range s {
		s[i] += other[i]
	}
}

// mean divides a sum of samples by their number.
func (s Sample) mean(count int) Sample {
	for i := range s {
		s[i] /= float32(count)
	}
	return s
}

// RealTime is the interval of real-time statistics, kept for an hour (vSphere Monitoring and Performance, "Data Counters",
// "Real-time").
const RealTime = 20 * time.Second

// level is one interval of statistics and how many samples of it are kept.
type level struct {
	interval time.Duration
	keep     int
}

// levels are real-time statistics and vCenter's four historical intervals (vSphere Monitoring and Performance, "Statistics
// Collection Intervals"): a day, a week, a month, a year.
var levels = [...]level{
	{RealTime, 180}, {5 * time.Minute, 288}, {30 * time.Minute, 336}, {2 * time.Hour, 360}, {24 * time.Hour, 365},
}

// Intervals are the historical intervals, the shortest first.
func Intervals() []time.Duration {
	var list []time.Duration
	for _, l := range levels[1:] {
		list = append(list, l.interval)
	}
	return list
}

// Point is a sample and the end of its interval, in lab time.
type Point struct {
	At time.Duration
	Sample
}

// Series keeps the samples of one object: each interval has its own ring, so that memory is bounded however long it runs.
type Series struct {
	rings [len(levels)]ring
}

type ring struct {
	points []stored
	next   int // the oldest, once the ring is full
	last   time.Duration
	// sum and count collect the next point of this level.
	sum   Sample
	count int
	end   time.Duration
}

// stored is a point with its time in seconds, to save memory: there are millions.
type stored struct {
	at int32
	Sample
}

// Add appends a real-time sample; one that is not later than the last is dropped.
func (s *Series) Add(at time.Duration, sample Sample) {
	if len(s.rings[0].points) > 0 && at <= s.rings[0].last {
		return
	}
	s.push(0, at, sample)
	for i := 1; i < len(levels); i++ {
		s.collect(i, at, sample)
	}
}

// collect adds a real-time sample to the point that is in the making at a level, and finishes the one before.
func (s *Series) collect(i int, at time.Duration, sample Sample) {
	r, interval := &s.rings[i], levels[i].interval
	end := (at + interval - 1) / interval * interval
	if r.count > 0 && end != r.end {
		s.finish(i)
	}
	r.end = end
	r.sum.Add(sample)
	r.count++
	if at == end {
		s.finish(i)
	}
}

func (s *Series) finish(i int) {
	r := &s.rings[i]
	s.push(i, r.end, r.sum.mean(r.count))
	r.sum, r.count = Sample{}, 0
}

func (s *Series) push(i int, at time.Duration, sample Sample) {
	r := &s.rings[i]
	p := stored{int32(at / time.Second), sample}
	r.last = at
	if len(r.points) < levels[i].keep {
		r.points = append(r.points, p)
		return
	}
	r.points[r.next] = p
	r.next = (r.next + 1) % len(r.points)
}

// Last is the latest real-time sample.
func (s *Series) Last() (Point, bool) {
	r := &s.rings[0]
	if len(r.points) == 0 {
		return Point{}, false
	}
	p := r.points[(r.next+len(r.points)-1)%len(r.points)]
	return Point{time.Duration(p.at) * time.Second, p.Sample}, true
}

// Between returns the points of an interval after one time and up to another, the oldest first (vSphere API reference,
// PerfQuerySpec: the start is excluded, the end included). An interval that is not kept has none.
func (s *Series) Between(interval, after, until time.Duration) []Point {
	for i, l := range levels {
		if l.interval != interval {
			continue
		}
		r := &s.rings[i]
		var list []Point
		for n := range r.points {
			p := r.points[(r.next+n)%len(r.points)]
			if at := time.Duration(p.at) * time.Second; at > after && at <= until {
				list = append(list, Point{at, p.Sample})
			}
		}
		return list
	}
	return nil
}
