package esxi_test

import (
	"strings"
	"testing"
)

func TestProcessesThatWaitAreListedUntilTheyEnd(t *testing.T) {
	s := newSite(t)
	listed := func() bool {
		out, _, code := s.run("ps -c")
		if code != 0 || !strings.HasPrefix(out, "WID") {
			t.Fatalf("exit code %d, output %q", code, out)
		}
		return strings.Contains(out, "sh -c : mark; sleep")
	}
	if listed() {
		t.Error("it is listed before it was started")
	}
	s.ok("setsid sh -c ': mark; sleep 60' </dev/null >/dev/null 2>&1 &")
	s.until("it is listed", listed)
	s.until("it has ended", func() bool { return !listed() })
	s.ok("setsid sh -c ': mark; sleep 100000' </dev/null >/dev/null 2>&1 &")
	s.until("it is listed again", listed)
	s.host.PowerLost()
	s.until("it died with its host", func() bool { return !listed() })
}

func TestPsOfAnotherKindIsRefused(t *testing.T) {
	s := newSite(t)
	if _, errs, code := s.run("ps -ef"); code != 1 || errs == "" {
		t.Errorf("exit code %d, errors %q", code, errs)
	}
}
