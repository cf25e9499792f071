module vsphere-ha/lab/toolchain/certs

go 1.26
