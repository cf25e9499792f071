package vc_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"

	"vsphere-ha/lab/vcenter/labtest"
)

func envelope(body string) string {
	return `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Body>` + body + `</Body></Envelope>`
}

// send posts a request of the SOAP API without a session, and returns what came back.
func send(l *labtest.Lab, body io.Reader) (int, string) {
	l.T.Helper()
	res, err := l.HTTP.Post("https://"+l.Config.Listen+"/sdk", "text/xml", body)
	l.Must(err)
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	l.Must(err)
	return res.StatusCode, string(answer)
}

func TestRequestThatIsTooLargeIsRefused(t *testing.T) {
	l := labtest.Start(t, 200)
	status, answer := send(l, io.MultiReader(strings.NewReader("<a>"), io.LimitReader(endless{}, 17<<20)))
	if status != http.StatusRequestEntityTooLarge || !strings.Contains(answer, "more than 16777216 bytes") {
		t.Errorf("status %d: %.200s", status, answer)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestRequestThatIsNestedTooDeepIsRefused(t *testing.T) {
	l := labtest.Start(t, 200)
	nested := func(n int) string {
		return envelope(`<RetrieveProperties xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet><objectSet>` +
			strings.Repeat(`<selectSet xsi:type="TraversalSpec">`, n) + strings.Repeat(`</selectSet>`, n) + `</objectSet></specSet></RetrieveProperties>`)
	}
	if status, answer := send(l, strings.NewReader(nested(100_000))); status != http.StatusInternalServerError || !strings.Contains(answer, "nested more than 200 levels") {
		t.Errorf("status %d: %.200s", status, answer)
	}
	if _, answer := send(l, strings.NewReader(nested(20))); strings.Contains(answer, "nested") {
		t.Errorf("an ordinary depth is refused: %.200s", answer)
	}
}

func TestClientThatSendsItsRequestTooSlowlyIsCutOff(t *testing.T) {
	l := labtest.Start(t, 200)
	c, err := tls.Dial("tcp", l.Config.Listen, &tls.Config{RootCAs: l.CA})
	l.Must(err)
	defer func() { _ = c.Close() }()
	start := time.Now()
	for line := range strings.SplitSeq("POST /sdk HTTP/1.1\r\nHost: lab\r\n"+strings.Repeat("X-Slow: loris\r\n", 1000), "\r\n") {
		if _, err := io.WriteString(c, line+"\r\n"); err != nil {
			break
		}
		_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); err != nil && !isTimeout(err) {
			break // it was cut off
		}
		if time.Since(start) > labtest.Patience {
			t.Fatal("it may go on for ever")
		}
	}
	if cut := time.Since(start); cut < 5*time.Second {
		t.Errorf("cut off after %v already", cut)
	}
}

func isTimeout(err error) bool {
	t, ok := err.(interface{ Timeout() bool })
	return ok && t.Timeout()
}

func TestBodyThatIsNoMethodIsAnsweredWithAFault(t *testing.T) {
	l := labtest.Start(t, 200)
	status, answer := send(l, strings.NewReader(envelope(`<ManagedObjectReference xmlns="urn:vim25"/>`)))
	if status != http.StatusInternalServerError || !strings.Contains(answer, "Fault") {
		t.Errorf("status %d: %.200s", status, answer)
	}
}

func TestTaskThatBreaksFailsAndKeepsNothingLocked(t *testing.T) {
	l := labtest.Start(t, 200)
	hosts := l.Hosts(2)
	for _, own := range []bool{true, false} {
		ref := l.Sim.Break(hosts[0].Reference(), hosts[1].Reference(), own)
		err := object.NewTask(l.Client.Client, ref).Wait(l.Ctx())
		if !failsWith(err, "SystemError") {
			t.Errorf("own %t: %v", own, err)
		}
		for _, h := range hosts { // each read waits for the object's lock
			if l.Host(h).Name == "" {
				t.Errorf("own %t: a host without a name", own)
			}
			l.Run(h.EnterMaintenanceMode(l.Ctx(), 0, false, nil))
			l.Run(h.ExitMaintenanceMode(l.Ctx(), 0))
		}
	}
}
