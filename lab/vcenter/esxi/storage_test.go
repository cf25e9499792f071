package esxi_test

import (
	"strings"
	"testing"

	"vsphere-ha/lab/vcenter/hardware"
)

const (
	pathA, pathB = "vmhba64:C0:T0:L0", "vmhba65:C0:T0:L0"
	vsish        = "vsish -e set "
	enable       = vsish + "/reliability/vmkstress/ScsiPathInjectError 1"
)

func fails(path, code string) string {
	return vsish + "/storage/scsifw/paths/" + path + "/injectError " + code
}

// ok runs commands that must succeed silently.
func (s *site) ok(commands ...string) {
	s.Helper()
	for _, c := range commands {
		if out, errs, code := s.run(c); code != 0 || out+errs != "" {
			s.Errorf("%s: exit code %d, output %q %q", c, code, out, errs)
		}
	}
}

func (s *site) lun(want hardware.Reach) {
	s.Helper()
	if got := s.server.Storage().LUN(); got != want {
		s.Errorf("the LUN is %q, expected %q", got, want)
	}
}

func TestPathsThatAreAllOffAreAllPathsDown(t *testing.T) {
	s := newSite(t)
	s.ok("esxcli storage core path set --state off --path " + pathA)
	s.lun(hardware.Reached)
	s.ok("esxcli storage core path set -s off -p " + pathB)
	s.lun(hardware.AllDown)
	if out, _, _ := s.run("esxcli storage core path list -d " + lun); strings.Count(out, "State: off") != 2 {
		t.Errorf("paths:\n%s", out)
	}
	s.ok("esxcli storage core path set --state=active --path=" + pathA)
	s.lun(hardware.Reached)
}

func TestInjectedHostStatusIsAllPathsDownAndSenseDataPermanentLoss(t *testing.T) {
	for name, c := range map[string]struct {
		code string
		want hardware.Reach
	}{
		"no connect":                         {"0x000100", hardware.AllDown},
		"logical unit not supported":         {"0x250500000002", hardware.DeviceLost},
		"logical unit failed configuration":  {"0x4C0400000002", hardware.DeviceLost},
		"an error that says nothing of both": {"0x110300000002", hardware.Reached},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.ok(fails(pathA, c.code), fails(pathB, c.code))
			s.lun(hardware.Reached) // injection is not on yet
			s.ok(enable)
			s.lun(c.want)
			s.ok(fails(pathA, "0x000000"))
			s.lun(hardware.Reached)
		})
	}
}

func TestDeviceIsLostOnlyWhenEveryPathSaysSo(t *testing.T) {
	s := newSite(t)
	s.ok(enable, fails(pathA, "0x250500000002"), "esxcli storage core path set --state off --path "+pathB)
	s.lun(hardware.AllDown)
	if out, _, code := s.run("vsish -e get /storage/scsifw/paths/" + pathA + "/injectError"); code != 0 || out != "0x250500000002\n" {
		t.Errorf("exit code %d, %q", code, out)
	}
}

func TestFirewallOfTheNFSClientCutsNFS(t *testing.T) {
	s := newSite(t)
	s.ok("esxcli network firewall ruleset set --ruleset-id=nfsClient --enabled=false")
	if s.server.Storage().NFS() != hardware.AllDown {
		t.Error("NFS still answers")
	}
	s.lun(hardware.Reached)
	if out, _, _ := s.run("esxcli network firewall ruleset list"); !strings.Contains(out, "nfsClient  false") {
		t.Errorf("%q", out)
	}
	s.ok("esxcli network firewall ruleset set -r nfsClient -e true")
	if s.server.Storage().NFS() != hardware.Reached {
		t.Error("NFS does not answer")
	}
}

func TestWhatESXiRefusesOfStorageIsRefused(t *testing.T) {
	s := newSite(t)
	for command, want := range map[string]string{
		"esxcli storage core device set --state=off -d " + lun:            "busy",
		"esxcli storage core device set --state=off -d naa.0":             "No such device",
		"esxcli storage core path set --state off --path vmhba0:C0:T0:L9": "Unknown path",
		"esxcli storage core path set --state dead --path " + pathA:       "Invalid state",
		"esxcli network firewall ruleset set -r sshServer -e false":       "does not exist",
		"vsish -e set /storage/other 1":                                   "find node",
		fails(pathA, "many"):                                              "no number",
	} {
		if out, errs, code := s.run(command); code == 0 || !strings.Contains(out+errs, want) {
			t.Errorf("%s: exit code %d, %q", command, code, out+errs)
		}
	}
	s.lun(hardware.Reached)
}

func TestDiskIsListedWithItsConnection(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct{ command, status string }{
		{"true", "on"},
		{"esxcli storage core path set -s off -p " + pathA, "degraded"},
		{"esxcli storage core path set -s off -p " + pathB, "dead"},
		{"esxcli storage core path set -s active -p " + pathA + "; esxcli storage core path set -s active -p " + pathB, "on"},
		{fails(pathA, "0x250500000002") + "; " + fails(pathB, "0x250500000002") + "; " + enable, "not connected"},
		{fails(pathA, "0x0") + "; " + fails(pathB, "0x0"), "on"},
	} {
		s.ok(c.command)
		if out, _, code := s.run("esxcli storage core device list -d " + lun); code != 0 || !strings.Contains(out, "\n   Status: "+c.status+"\n") {
			t.Errorf("after %s: %s", c.command, out)
		}
	}
	if out, _, code := s.run("esxcli storage core device list -d naa.1"); code != 1 || !strings.Contains(out, "naa.1") {
		t.Errorf("another disk: exit code %d, %q", code, out)
	}
}

func TestRescanTakesAnAdapterOrAll(t *testing.T) {
	s := newSite(t)
	s.ok("esxcli storage core adapter rescan --all", "esxcli storage core adapter rescan -A vmhba64")
	if out, _, code := s.run("esxcli storage core adapter rescan"); code != 1 || !strings.Contains(out, "--all") {
		t.Errorf("exit code %d, %q", code, out)
	}
}
