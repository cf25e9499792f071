package labtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

// Redfish calls a BMC with Basic authentication and returns status and body.
func (l *Lab) Redfish(host int, method, path string, body any, user, password string) (int, http.Header, map[string]any) {
	l.T.Helper()
	raw, err := json.Marshal(body)
	l.Must(err)
	req, err := http.NewRequestWithContext(l.Ctx(), method, "https://"+l.Config.Hosts[host].BMC+path, bytes.NewReader(raw))
	l.Must(err)
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	return l.do(req)
}

func (l *Lab) do(req *http.Request) (int, http.Header, map[string]any) {
	l.T.Helper()
	res, err := l.HTTP.Do(req)
	l.Must(err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	l.Must(err)
	var parsed map[string]any
	_ = json.Unmarshal(raw, &parsed)
	return res.StatusCode, res.Header, parsed
}

// Reset asks a server's BMC for a reset.
func (l *Lab) Reset(host int, kind string) {
	l.T.Helper()
	status, _, body := l.Redfish(host, http.MethodPost, "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset", map[string]string{"ResetType": kind}, "admin", BMCPassword)
	if status != http.StatusNoContent {
		l.T.Fatalf("reset %s: status %d, %v", kind, status, body)
	}
}

// Fault sets a fault and returns its identifier.
func (l *Lab) Fault(fault map[string]any) string {
	l.T.Helper()
	raw, err := json.Marshal(fault)
	l.Must(err)
	req, err := http.NewRequestWithContext(l.Ctx(), http.MethodPost, "http://"+l.Config.FaultListen+"/faults", bytes.NewReader(raw))
	l.Must(err)
	status, _, body := l.do(req)
	if status != http.StatusCreated {
		l.T.Fatalf("fault: status %d", status)
	}
	return body["id"].(string)
}

// RefusedFault asks for a fault that makes no sense and returns what the lab says of it.
func (l *Lab) RefusedFault(fault map[string]any) string {
	l.T.Helper()
	raw, err := json.Marshal(fault)
	l.Must(err)
	res, err := l.HTTP.Post("http://"+l.Config.FaultListen+"/faults", "application/json", bytes.NewReader(raw))
	l.Must(err)
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusBadRequest {
		l.T.Errorf("fault %v: status %d", fault, res.StatusCode)
	}
	said, err := io.ReadAll(res.Body)
	l.Must(err)
	return string(said)
}

// EndFault removes a fault.
func (l *Lab) EndFault(id string) {
	l.T.Helper()
	req, err := http.NewRequestWithContext(l.Ctx(), http.MethodDelete, "http://"+l.Config.FaultListen+"/faults/"+id, nil)
	l.Must(err)
	if status, _, _ := l.do(req); status != http.StatusNoContent {
		l.T.Fatalf("fault %s: status %d", id, status)
	}
}

// Role is a host's state as HA reports it; empty where there is none.
func (l *Lab) Role(h *object.HostSystem) string {
	l.T.Helper()
	if s := l.Host(h).Runtime.DasHostState; s != nil {
		return s.State
	}
	return ""
}

// Settled waits until HA has one master and every other member is connected to it, and returns the master's index.
func (l *Lab) Settled(hosts []*object.HostSystem) int {
	l.T.Helper()
	master := -1
	l.Until("HA has one master and all others are connected to it", func() bool {
		masters, connected := 0, 0
		for i, h := range hosts {
			switch l.Role(h) {
			case "master":
				master = i
				masters++
			case "connectedToMaster":
				connected++
			}
		}
		return masters == 1 && connected == len(hosts)-1
	})
	return master
}

// Protected waits until HA protects the machines.
func (l *Lab) Protected(vms ...*object.VirtualMachine) {
	l.T.Helper()
	for _, vm := range vms {
		l.Until("HA protects "+vm.Reference().Value, func() bool {
			p := l.VM(vm).Runtime.DasVmProtection
			return p != nil && p.DasProtected
		})
	}
}

// Up waits until a guest's Tools run and returns its service's address.
func (l *Lab) Up(vm *object.VirtualMachine) string {
	l.T.Helper()
	var address string
	l.Until(vm.Reference().Value+" is up", func() bool {
		p := l.VM(vm)
		address = fmt.Sprintf("%s:%d", p.Guest.IpAddress, map[string]int{"ubuntu64Guest": 2222, "winXPProGuest": 3389}[p.Config.GuestId])
		return p.Guest.IpAddress != ""
	})
	return address
}

// Happened is when an event was created.
func Happened(e types.BaseEvent) time.Time { return e.GetEvent().CreatedTime }

// IndexOf finds a host among hosts.
func IndexOf(hosts []*object.HostSystem, ref types.ManagedObjectReference) int {
	for i, h := range hosts {
		if h.Reference() == ref {
			return i
		}
	}
	return -1
}
