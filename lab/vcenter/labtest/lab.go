// Package labtest starts a simulated vCenter for tests, on addresses of its own, and talks to it as clients do.
package labtest

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/loopback"
	"vsphere-ha/lab/vcenter/selfsigned"
	"vsphere-ha/lab/vcenter/truth"
	"vsphere-ha/lab/vcenter/vc"
)

// Passwords of the lab under test.
const (
	Password      = "vcenter-secret"
	HostPassword  = "host-secret"
	BMCPassword   = "bmc-secret"
	GuestPassword = "guest-secret"
	User          = "administrator@vsphere.local"
)

// Patience bounds every wait of a test, in wall time.
const Patience = 60 * time.Second

// octet separates labs of one test binary; each binary has a network of its own.
var octet atomic.Int32

// Lab is a running simulation with a client that is logged in.
type Lab struct {
	T      testing.TB
	Config *config.Config
	Sim    *vc.Sim
	Client *govmomi.Client
	Finder *find.Finder
	HTTP   *http.Client
	CA     *x509.CertPool

	asksAnything bool
}

// Start runs a lab at the given time scale with four hosts outside the inventory; it ends with the test, which runs
// beside others: most of its time is spent waiting for lab time to pass.
func Start(t testing.TB, scale float64, change ...func(*config.Config)) *Lab {
	t.Helper()
	if parallel, ok := t.(*testing.T); ok {
		parallel.Parallel()
	}
	second, err := loopback.Own()
	if err != nil {
		t.Fatal(err)
	}
	x := fmt.Sprintf("127.%d.%d", second, 1+octet.Add(1)*3%250)
	dir := t.TempDir()
	cert, key, pool := certificate(t, dir, second)
	cfg := &config.Config{
		Name: "test", TimeScale: scale, Listen: x + ".1:8443", FaultListen: x + ".1:8089",
		TLS: config.TLS{Cert: cert, Key: key}, User: User, Datacenter: "Lab", HostUser: "root", BMCUser: "admin",
		NFS: []config.NFS{
			{Server: "nfs.lab.test", Path: "/exports/ha-a", CapacityGB: 500}, {Server: "nfs.lab.test", Path: "/exports/ha-b", CapacityGB: 500},
		},
		LUN:          config.LUN{Name: "naa.6000c29000000000000000000000a001", CapacityGB: 500},
		GuestNetwork: x + ".128/25", DataDir: filepath.Join(dir, "data"), TruthLog: filepath.Join(dir, "truth.jsonl"),
		Password: Password, HostPassword: HostPassword, BMCPassword: BMCPassword, GuestPassword: GuestPassword,
	}
	for n := 1; n <= 4; n++ {
		cfg.Hosts = append(cfg.Hosts, config.Host{
			Name: fmt.Sprintf("esx-%02d.lab.test", n), CPUMHz: 2600, Cores: 8, MemoryMB: 32768, BMC: fmt.Sprintf("%s.%d:8443", x, 10+n),
			SSH: fmt.Sprintf("%s.%d:2222", x, 10+n),
		})
	}
	for _, c := range change {
		c(cfg)
	}
	sim, err := vc.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l := &Lab{T: t, Config: cfg, Sim: sim, CA: pool}
	t.Cleanup(l.examineCalls)
	t.Cleanup(sim.Close)
	if err := sim.Listen(); err != nil {
		t.Fatal(err)
	}
	l.HTTP = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, Timeout: Patience}
	t.Cleanup(l.HTTP.CloseIdleConnections)
	l.Client = l.Login(User, Password)
	l.Finder = find.NewFinder(l.Client.Client)
	dc, err := l.Finder.Datacenter(l.Ctx(), cfg.Datacenter)
	l.Must(err)
	l.Finder.SetDatacenter(dc)
	return l
}

// TryLogin connects a client over the network with TLS verified as in production.
func (l *Lab) TryLogin(user, password string) (*govmomi.Client, error) {
	u := &url.URL{Scheme: "https", Host: l.Config.Listen, Path: "/sdk", User: url.UserPassword(user, password)}
	return l.connect(u)
}

// Login is TryLogin that must succeed.
func (l *Lab) Login(user, password string) *govmomi.Client {
	l.T.Helper()
	c, err := l.TryLogin(user, password)
	l.Must(err)
	return c
}

// Ctx bounds a call of a test.
func (l *Lab) Ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	l.T.Cleanup(cancel)
	return ctx
}

// Must ends the test on an error.
func (l *Lab) Must(err error) {
	l.T.Helper()
	if err != nil {
		l.T.Fatal(err)
	}
}

// Run waits for a task and returns its result.
func (l *Lab) Run(task *object.Task, err error) types.AnyType {
	l.T.Helper()
	l.Must(err)
	info, err := task.WaitForResult(l.Ctx())
	l.Must(err)
	return info.Result
}

// Until waits for a condition.
func (l *Lab) Until(what string, condition func() bool) {
	l.T.Helper()
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if condition() {
			return
		}
	}
	l.T.Fatalf("waited in vain until %s", what)
}

// Truth reads the log of what really happened.
func (l *Lab) Truth() []truth.Entry {
	f, err := os.Open(l.Config.TruthLog)
	l.Must(err)
	defer func() { _ = f.Close() }()
	var list []truth.Entry
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e truth.Entry
		l.Must(json.Unmarshal(lines.Bytes(), &e))
		list = append(list, e)
	}
	return list
}

// Answers tells whether a guest's service accepts a connection.
func Answers(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// certificate makes one for all loopback addresses that a test lab may use.
func certificate(t testing.TB, dir string, second int) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	var addresses []net.IP
	for third := range 256 {
		for fourth := range 16 {
			addresses = append(addresses, net.IPv4(127, byte(second), byte(third), byte(fourth)))
		}
	}
	cert, key, err := selfsigned.Write(dir, addresses)
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(own)
	return cert, key, pool
}
