package vc_test

import (
	"testing"

	"vsphere-ha/lab/vcenter/labtest"
)

func TestClonesOfBothTemplatesAnswerOnTheirOwnAddress(t *testing.T) {
	l := labtest.Start(t, 200)
	hosts := l.Hosts(3)
	ds := l.NAS("ha-a", 0, hosts...)
	c := l.Cluster("ha", hosts)
	for template, port := range map[string]string{"ubuntu-13.10": "2222", "windows-xp-sp3": "3389"} {
		vm := l.Clone(template, "clone-of-"+template, c, ds)
		l.Until(template+" reports an address", func() bool { return l.VM(vm).Guest.IpAddress != "" })
		if address := l.VM(vm).Guest.IpAddress + ":" + port; !labtest.Answers(address) {
			t.Errorf("%s does not answer at %s", template, address)
		}
	}
}
