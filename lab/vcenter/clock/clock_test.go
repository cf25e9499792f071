package clock_test

import (
	"context"
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/clock"
)

func TestLabTimePassesInProportionAtAnyScale(t *testing.T) {
	for _, scale := range []float64{0.1, 1, 7, 10, 1000, 10_000} {
		c := clock.New(scale)
		start := c.Time(0)
		for _, lab := range []time.Duration{time.Second, 15 * time.Second, 50 * time.Second, time.Hour} {
			wall := time.Duration(float64(lab) / scale)
			if got := c.Wall(lab); got != wall {
				t.Errorf("scale %g: %v of lab time take %v, not %v", scale, lab, got, wall)
			}
			if got := c.At(start.Add(wall)); got < lab-time.Duration(scale) || got > lab+time.Duration(scale) {
				t.Errorf("scale %g: after %v it is %v, not %v", scale, wall, got, lab)
			}
			if got := c.Time(lab).Sub(start); got != wall {
				t.Errorf("scale %g: lab time %v is %v after the start, not %v", scale, lab, got, wall)
			}
		}
	}
}

func TestWhatWaitsForLabTimeWaitsAsLongAsTheScaleSays(t *testing.T) {
	c := clock.New(100)
	fired := make(chan time.Duration, 1)
	c.AfterFunc(20*time.Second, func() { fired <- c.Now() })
	if at := <-fired; at < 20*time.Second {
		t.Errorf("after %v of lab time", at)
	}
	from := c.Now()
	if !c.Sleep(context.Background(), 10*time.Second) || c.Now()-from < 10*time.Second {
		t.Errorf("slept for %v of lab time", c.Now()-from)
	}
	ctx, cancel := context.WithCancel(context.Background())
	times := 0
	c.Every(ctx, time.Second, func() {
		if times++; times == 3 {
			cancel()
		}
	})
	if c.Sleep(ctx, time.Hour) || times < 3 || c.Now()-from < 13*time.Second {
		t.Errorf("%d times until %v", times, c.Now()-from)
	}
}
