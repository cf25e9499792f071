// Package scale measures the simulated vCenter with 96 hosts and 10,000 machines:
//
//	go test -count=1 -v ./scale
package scale
