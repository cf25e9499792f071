// Command broker is the message broker of the lab's OpenStack: AMQP 0-9-1 on one loopback address, in memory.
//
// It stands where an installation runs RabbitMQ, speaks the same protocol to unchanged clients (oslo.messaging), starts
// at once and needs a few megabytes. User and password come by environment: AMQP_USER, AMQP_PASSWORD.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"vsphere-ha/lab/openstack/broker/amqp"
)

func main() {
	listen := flag.String("listen", "", "loopback `address:port` to accept connections on")
	flag.Parse()
	if err := run(*listen, os.Getenv("AMQP_USER"), os.Getenv("AMQP_PASSWORD")); err != nil {
		fmt.Fprintln(os.Stderr, "broker:", err)
		os.Exit(2)
	}
}

func run(address, user, password string) error {
	if user == "" || password == "" {
		return fmt.Errorf("AMQP_USER and AMQP_PASSWORD must be set in the environment")
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("--listen %q: want address:port", address)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("--listen %q: the lab's broker listens on loopback addresses only", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println(`{"ready":true}`)

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		listener.Close()
	}()
	amqp.NewBroker(user, password).Serve(listener)
	return nil
}
