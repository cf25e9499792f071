package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/loopback"
	"vsphere-ha/lab/vcenter/selfsigned"
)

const (
	user         = "administrator@vsphere.local"
	password     = "conformance-vcenter"
	hostUser     = "root"
	hostPassword = "conformance-host"
	bmcPassword  = "conformance-bmc"

	// timeScale shortens boots and migrations; failures of hosts, which need exact timing, are not part of these tests.
	timeScale = 20
	stopLimit = 10 * time.Second
)

// site is one running simulator with the inventory that the tests expect to find.
type site struct {
	cfg     *config.Config
	process *exec.Cmd
	images  *images
}

// buildLab compiles the simulator of this checkout.
func buildLab(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "vcenter")
	module := filepath.Dir(filepath.Dir(expectationsFile()))
	if _, err := goCommand(ctx, module, "build", "-o", program, "."); err != nil {
		return "", fmt.Errorf("cannot build the simulator: %w", err)
	}
	return program, nil
}

// startSite starts the simulator on addresses that belong to this process and slot.
func startSite(ctx context.Context, program, dir string, slot int) (*site, error) {
	second, err := loopback.Own()
	if err != nil {
		return nil, err
	}
	s := &site{cfg: settings(dir, fmt.Sprintf("127.%d.%d", second, 1+slot))}
	var addresses []net.IP
	for _, a := range s.addresses() {
		addresses = append(addresses, net.ParseIP(a))
	}
	if s.cfg.TLS.Cert, s.cfg.TLS.Key, err = selfsigned.Write(dir, addresses); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(s.cfg)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "lab.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return nil, err
	}
	if err := s.launch(program, file, filepath.Join(dir, "vcenter.log")); err != nil {
		return nil, err
	}
	if s.images, err = startImages(filepath.Join(dir, "images"), imagesAddress(s.cfg)); err == nil {
		err = s.populate(ctx)
	}
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func settings(dir, network string) *config.Config {
	cfg := &config.Config{
		Name: "conformance", TimeScale: timeScale, Listen: network + ".1:8443", FaultListen: network + ".1:8089",
		User: user, Datacenter: datacenterName, HostUser: hostUser, BMCUser: "admin",
		LUN: config.LUN{Name: "naa.6000c29000000000000000000000a001", CapacityGB: 500}, GuestNetwork: network + ".128/25",
		DataDir: filepath.Join(dir, "data"), TruthLog: filepath.Join(dir, "truth.jsonl"),
	}
	for _, path := range []string{nfsPath, nfsPath2} {
		cfg.NFS = append(cfg.NFS, config.NFS{Server: nasHost, Path: path, CapacityGB: 500})
	}
	for n := range hostCount {
		cfg.Hosts = append(cfg.Hosts, config.Host{
			Name: hostName(n + 1), CPUMHz: 2600, Cores: 16, MemoryMB: 65536,
			BMC: fmt.Sprintf("%s.%d:8443", network, 11+n), SSH: fmt.Sprintf("%s.%d:2222", network, 11+n),
		})
	}
	return cfg
}

// imagesAddress is where this site's images are: beside its vCenter.
func imagesAddress(cfg *config.Config) string {
	host, _, _ := net.SplitHostPort(cfg.Listen)
	return net.JoinHostPort(host, "8090")
}

func (s *site) addresses() []string {
	list := []string{s.cfg.Listen}
	for _, h := range s.cfg.Hosts {
		list = append(list, h.BMC)
	}
	for i, a := range list {
		list[i], _, _ = net.SplitHostPort(a)
	}
	return list
}

// launch starts the process and waits until it says that it serves.
func (s *site) launch(program, file, logFile string) error {
	log, err := os.Create(logFile)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	s.process = exec.Command(program, "--config", file)
	s.process.Env = append(cleanEnvironment(), config.PasswordVar+"="+password, config.HostPasswordVar+"="+hostPassword,
		config.BMCPasswordVar+"="+bmcPassword)
	s.process.Stderr = log
	// It ends with this process, whatever ends that.
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	out, err := s.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	if lines := bufio.NewScanner(out); !lines.Scan() || !bytes.Contains(lines.Bytes(), []byte("ready")) {
		_ = s.process.Wait()
		said, _ := os.ReadFile(logFile)
		return errors.New(string(bytes.TrimSpace(said)))
	}
	return nil
}

func (s *site) stop() {
	if s.images != nil {
		s.images.stop()
	}
	_ = s.process.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(stopLimit, func() { _ = s.process.Process.Kill() })
	defer kill.Stop()
	_ = s.process.Wait()
}
