// Package config reads and checks the settings of one simulated vCenter.
package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Passwords come by environment only: settings files may be shown or kept, passwords may not.
const (
	PasswordVar     = "VSPHERE_PASSWORD"
	HostPasswordVar = "VSPHERE_HA_HOST_PASSWORD"
	BMCPasswordVar  = "VSPHERE_HA_BMC_PASSWORD"
	// GuestPasswordVar may be unset: guests then let nobody in.
	GuestPasswordVar = "VSPHERE_HA_GUEST_PASSWORD"
)

// Host is a physical server that vCenter may be asked to add. Memory is in MiB, CPU in MHz a core; BMC and SSH are the
// addresses of its management controller and of the SSH server of its ESXi.
type Host struct {
	Name     string `json:"name"`
	CPUMHz   int    `json:"cpuMhz"`
	Cores    int    `json:"cores"`
	MemoryMB int    `json:"memoryMb"`
	BMC      string `json:"bmc"`
	SSH      string `json:"ssh"`
}

// NFS is an export that every host can mount. Address is what the hosts' name servers say of its server, by which it can be
// named, too; where it is unset, every host reaches it, whatever becomes of its network.
type NFS struct {
	Server     string `json:"server"`
	Address    string `json:"address,omitempty"`
	Path       string `json:"path"`
	CapacityGB int    `json:"capacityGb"`
}

// Is tells whether a host's mount names the server of this export.
func (e NFS) Is(server string) bool {
	return strings.EqualFold(e.Server, server) || e.Address != "" && e.Address == server
}

// LUN is a disk that every host sees, for a shared VMFS datastore.
type LUN struct {
	Name       string `json:"name"`
	CapacityGB int    `json:"capacityGb"`
}

// TLS names the PEM files of the certificate that vCenter and all BMCs present.
type TLS struct {
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// User may log in to vCenter beside the administrator, with a role of vCenter's (Admin, ReadOnly, NoAccess) or with a list of
// privileges, on everything there is. PasswordVar names the environment variable that holds the password.
type User struct {
	Name        string   `json:"name"`
	PasswordVar string   `json:"passwordVar"`
	Role        string   `json:"role,omitempty"`
	Privileges  []string `json:"privileges,omitempty"`

	Password string `json:"-"`
}

// Inventory is a cluster that a lab starts with, for tests and benchmarks of size: all its hosts, its first NFS export on all
// of them, HA and DRS on, and so many running machines, as many on each host.
type Inventory struct {
	Cluster  string `json:"cluster"`
	Machines int    `json:"machines"`
}

// DefaultSessionTimeout is vCenter's: a session that is idle for 30 minutes ends (vSphere Web Services SDK Programming Guide).
const DefaultSessionTimeout = 30 * 60

// Config describes one lab: its addresses, its physical servers and its storage.
type Config struct {
	Name string `json:"name"`
	// TimeScale is the number of lab seconds in one second; every documented duration is divided by it.
	TimeScale   float64 `json:"timeScale"`
	Listen      string  `json:"listen"`
	FaultListen string  `json:"faultListen"`
	TLS         TLS     `json:"tls"`
	User        string  `json:"user"`
	// Inventory is nothing but the library of templates where it is unset.
	Inventory *Inventory `json:"inventory,omitempty"`
	// Users may log in beside the administrator, who is User.
	Users []User `json:"users,omitempty"`
	// SessionTimeoutSeconds is how long a session may be idle, in wall time; 1800 where it is unset.
	SessionTimeoutSeconds int    `json:"sessionTimeoutSeconds,omitempty"`
	Datacenter            string `json:"datacenter"`
	Hosts                 []Host `json:"hosts"`
	HostUser              string `json:"hostUser"`
	BMCUser               string `json:"bmcUser"`
	NFS                   []NFS  `json:"nfs"`
	LUN                   LUN    `json:"lun"`
	GuestNetwork          string `json:"guestNetwork"`
	DataDir               string `json:"dataDir"`
	TruthLog              string `json:"truthLog"`

	Password     string `json:"-"`
	HostPassword string `json:"-"`
	BMCPassword  string `json:"-"`
	// GuestPassword is that of root and Administrator in the guests; empty lets nobody in.
	GuestPassword string `json:"-"`
}

// Load reads the file and the password variables; the error lists every problem found.
func Load(path string, getenv func(string) string) (*Config, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration: %w", err)
	}
	c := &Config{}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(c); err != nil {
		return nil, fmt.Errorf("%s is not a valid configuration: %w", path, err)
	}
	c.Password, c.HostPassword, c.BMCPassword = getenv(PasswordVar), getenv(HostPasswordVar), getenv(BMCPasswordVar)
	c.GuestPassword = getenv(GuestPasswordVar)
	for i := range c.Users {
		c.Users[i].Password = getenv(c.Users[i].PasswordVar)
	}
	return c, c.validate()
}

func (c *Config) validate() error {
	var problems []string
	fail := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	required := map[string]string{
		"name": c.Name, "user": c.User, "datacenter": c.Datacenter, "hostUser": c.HostUser, "bmcUser": c.BMCUser,
		"dataDir": c.DataDir, "truthLog": c.TruthLog, "tls.cert": c.TLS.Cert, "tls.key": c.TLS.Key, "lun.name": c.LUN.Name,
		"environment " + PasswordVar: c.Password, "environment " + HostPasswordVar: c.HostPassword,
		"environment " + BMCPasswordVar: c.BMCPassword,
	}
	for field, value := range required {
		if value == "" {
			fail("%s: must be set", field)
		}
	}
	if c.TimeScale < 0.1 || c.TimeScale > 10000 {
		fail("timeScale: %v must lie between 0.1 and 10000", c.TimeScale)
	}
	if c.SessionTimeoutSeconds < 0 {
		fail("sessionTimeoutSeconds: %d must be positive", c.SessionTimeoutSeconds)
	}
	if i := c.Inventory; i != nil && (i.Cluster == "" || i.Machines < 0 || len(c.Hosts) == 0 || len(c.NFS) == 0) {
		fail("inventory: needs a cluster's name, no negative number of machines, hosts and an NFS export")
	}
	for i, e := range c.NFS {
		if a, err := netip.ParseAddr(e.Address); e.Address != "" && (err != nil || !a.Is4()) {
			fail("nfs[%d].address: %q must be an IPv4 address", i, e.Address)
		}
	}
	c.validateUsers(fail)
	addresses := map[string]string{"listen": c.Listen, "faultListen": c.FaultListen}
	names := map[string]bool{}
	for i, h := range c.Hosts {
		at := fmt.Sprintf("hosts[%d]", i)
		addresses[at+".bmc"], addresses[at+".ssh"] = h.BMC, h.SSH
		if h.Name == "" || names[strings.ToLower(h.Name)] {
			fail("%s.name: %q must be set and unique", at, h.Name)
		}
		names[strings.ToLower(h.Name)] = true
		if h.CPUMHz < 1 || h.Cores < 1 || h.MemoryMB < 1 {
			fail("%s: cpuMhz, cores and memoryMb must be positive", at)
		}
	}
	for field, value := range addresses {
		if a, err := netip.ParseAddrPort(value); err != nil || !a.Addr().IsLoopback() {
			fail("%s: %q must be a loopback address with a port", field, value)
		}
	}
	if p, err := netip.ParsePrefix(c.GuestNetwork); err != nil || !p.Addr().IsLoopback() || !p.Addr().Is4() {
		fail("guestNetwork: %q must be an IPv4 loopback network, such as 127.77.2.0/24", c.GuestNetwork)
	}
	if len(problems) == 0 {
		return nil
	}
	return errors.New(strings.Join(slices.Sorted(slices.Values(problems)), "; "))
}

func (c *Config) validateUsers(fail func(format string, args ...any)) {
	names := map[string]bool{strings.ToLower(c.User): true}
	for i, u := range c.Users {
		at := fmt.Sprintf("users[%d]", i)
		if u.Name == "" || names[strings.ToLower(u.Name)] {
			fail("%s.name: %q must be set and unique", at, u.Name)
		}
		names[strings.ToLower(u.Name)] = true
		switch {
		case u.PasswordVar == "":
			fail("%s.passwordVar: must name an environment variable", at)
		case u.Password == "":
			fail("environment %s: must be set, it is the password of %s", u.PasswordVar, u.Name)
		}
		if (u.Role == "") == (len(u.Privileges) == 0) {
			fail("%s: must have either a role or privileges", at)
		}
		if u.Role != "" && !slices.Contains([]string{"Admin", "ReadOnly", "NoAccess"}, u.Role) {
			fail("%s.role: %q must be Admin, ReadOnly or NoAccess", at, u.Role)
		}
	}
}
