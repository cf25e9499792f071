package vc_test

import (
	"net"
	"strings"
	"testing"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/labtest"
	"vsphere-ha/lab/vcenter/vc"
)

func TestAddressInUseIsNamed(t *testing.T) {
	l := labtest.Start(t, 200)
	for name, change := range map[string]func(*config.Config){
		l.Config.Listen:      func(*config.Config) {},
		l.Config.FaultListen: func(c *config.Config) { c.Listen = freeAddress(t) },
		"the BMC of esx":     func(c *config.Config) { c.Listen, c.FaultListen = freeAddress(t), freeAddress(t) },
	} {
		cfg := *l.Config
		cfg.DataDir, cfg.TruthLog = t.TempDir(), t.TempDir()+"/truth.jsonl"
		change(&cfg)
		sim, err := vc.New(&cfg)
		if err != nil {
			t.Fatal(err)
		}
		err = sim.Listen()
		sim.Close()
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is taken: %v", name, err)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
