package vc_test

import (
	"net/http"
	"strings"
	"testing"

	"vsphere-ha/lab/vcenter/labtest"
)

// Whatever arrives, the answer is an HTTP status that says so, and the lab lives on: go test -fuzz FuzzSOAP ./vc
func FuzzSOAPRequest(f *testing.F) {
	l := labtest.Start(f, 200)
	l.AsksAnything()
	for _, seed := range []string{
		"", "<", envelope(""), envelope(`<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></RetrieveServiceContent>`),
		envelope(`<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this><userName>a</userName><password>b</password></Login>`),
		envelope(`<RetrieveProperties xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet><propSet><type>Folder</type><all>true</all></propSet><objectSet><obj type="Folder">group-d1</obj></objectSet></specSet></RetrieveProperties>`),
		envelope(`<PowerOnVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-1</_this></PowerOnVM_Task>`),
		envelope(strings.Repeat("<a>", 300)), strings.Repeat("x", 1<<20), "\x00\xff\xfe", `{"a":[[[[`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		own := *l
		own.T = t
		status, answer := send(&own, strings.NewReader(body))
		if status != http.StatusOK && status != http.StatusInternalServerError && status != http.StatusBadRequest && status != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d: %.200s", status, answer)
		}
	})
}
