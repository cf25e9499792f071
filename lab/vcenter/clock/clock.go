// Package clock converts between wall time and the lab's time, which runs faster by the time scale.
package clock

import (
	"context"
	"time"
)

// Lab is a point in lab time, counted from the start of the lab.
type Lab = time.Duration

// Clock runs Scale lab seconds in one second.
type Clock struct {
	Scale float64
	start time.Time
}

// New starts a clock at lab time zero.
func New(scale float64) *Clock { return &Clock{Scale: scale, start: time.Now()} }

// Now is the lab time.
func (c *Clock) Now() Lab { return c.At(time.Now()) }

// At converts an instant of wall time to lab time.
func (c *Clock) At(t time.Time) Lab { return time.Duration(float64(t.Sub(c.start)) * c.Scale) }

// Time converts a lab time to an instant of wall time.
func (c *Clock) Time(l Lab) time.Time { return c.start.Add(c.Wall(l)) }

// Wall converts a duration of lab time to wall time.
func (c *Clock) Wall(d time.Duration) time.Duration { return time.Duration(float64(d) / c.Scale) }

// Since is the lab time that has passed since an instant of wall time.
func (c *Clock) Since(t time.Time) time.Duration {
	return time.Duration(float64(time.Since(t)) * c.Scale)
}

// AfterFunc runs f in its own goroutine after d of lab time.
func (c *Clock) AfterFunc(d time.Duration, f func()) *time.Timer { return time.AfterFunc(c.Wall(d), f) }

// Sleep waits for d of lab time, or until the context ends: then it returns false.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(c.Wall(d))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Every calls f at intervals of d of lab time (at least one millisecond of wall time) until the context ends.
func (c *Clock) Every(ctx context.Context, d time.Duration, f func()) {
	t := time.NewTicker(max(c.Wall(d), time.Millisecond))
	defer t.Stop()
	for {
		select {
		case <-t.C:
			f()
		case <-ctx.Done():
			return
		}
	}
}
