module vsphere-ha/lab/vcenter

go 1.26

require github.com/vmware/govmomi v0.55.1

require (
	golang.org/x/crypto v0.54.0
	golang.org/x/sys v0.47.0 // indirect
)

require (
	github.com/google/uuid v1.6.0
	golang.org/x/text v0.40.0 // indirect
)
