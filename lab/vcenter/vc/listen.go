package vc

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/vmware/govmomi/pbm"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vsan"

	_ "github.com/vmware/govmomi/vapi/simulator" // sessions, tags and content libraries

	"vsphere-ha/lab/vcenter/wsdl"
)

// Listen serves vCenter's API over HTTPS at the configured address.
func (s *Sim) Listen() error {
	if err := s.registerEndpoints(); err != nil {
		return err
	}
	if err := s.serve(); err != nil {
		return err
	}
	if err := s.faults.listen(s.cfg.FaultListen); err != nil {
		return err
	}
	return s.listenConsoles()
}

// registerEndpoints lets the simulator fill the mux. It can only do so while it listens, and then without any limit on what a
// client sends, so that its own server is closed again before anybody has learnt of it.
func (s *Sim) registerEndpoints() (err error) {
	if err := free(s.cfg.Listen); err != nil {
		return err
	}
	// The simulator's server panics where it cannot listen.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("cannot listen at %s: %v", s.cfg.Listen, r)
		}
	}()
	s.svc.TLS = &tls.Config{Certificates: []tls.Certificate{s.cert}, MinVersion: tls.VersionTLS12}
	s.svc.Listen = &url.URL{Host: s.cfg.Listen, User: url.UserPassword(s.cfg.User, s.cfg.Password)}
	s.svc.RegisterEndpoints = true
	s.svc.ServeMux = http.NewServeMux()
	// A pattern with a method is more specific than the simulator's own, so that faults come first.
	soap := s.faults.middleware(explain(readZonelessTimes(s.calls.guard(http.HandlerFunc(s.svc.ServeSDK)))))
	s.svc.ServeMux.Handle("POST "+vim25.Path, soap)
	s.svc.ServeMux.Handle("POST "+vim25.Path+"/vimService", soap)
	s.svc.ServeMux.Handle("POST "+vsan.Path, soap)
	s.svc.ServeMux.Handle("POST "+pbm.Path, soap)
	s.svc.ServeMux.Handle("GET "+wsdl.Path, wsdl.Handler())
	s.serveCategories()
	s.serveVSAN()
	s.serveSession()
	s.serveServices()
	s.serveLeases()
	building.Lock()
	defer building.Unlock()
	s.svc.NewServer().Close()
	s.servePolicies()
	return nil
}

// serve accepts clients, with limits on what they may send.
func (s *Sim) serve() error {
	l, err := net.Listen("tcp4", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen at %s: %w", s.cfg.Listen, err)
	}
	s.server = newServer(s.gate(s.made.Listen(s.rest.admit(s.admitFiles(s.svc.ServeMux)))))
	config := &tls.Config{Certificates: []tls.Certificate{s.cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	server := s.server
	s.run(func() { _ = server.Serve(tls.NewListener(l, config)) })
	return nil
}

// free tells whether an address can be listened at, so that an error can name it.
func free(address string) error {
	l, err := net.Listen("tcp4", address)
	if err != nil {
		return fmt.Errorf("cannot listen at %s: %w", address, err)
	}
	return l.Close()
}
