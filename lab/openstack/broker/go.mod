module vsphere-ha/lab/openstack/broker

go 1.26
