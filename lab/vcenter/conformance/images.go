package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/vmdk"
)

const (
	ovfName, ovaName, vmdkName = "template.ovf", "template.ova", "template-disk1.vmdk"
	imageBytes                 = 64 << 20
)

// images serves an OVF package by HTTP, as a folder and as one file, in the place of those that the tests would download.
type images struct {
	url    string
	server *http.Server
}

func startImages(dir, address string) (*images, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := writeImages(dir); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp4", address)
	if err != nil {
		return nil, err
	}
	i := &images{url: "http://" + address + "/", server: &http.Server{Handler: http.FileServer(http.Dir(dir))}}
	go func() { _ = i.server.Serve(l) }()
	return i, nil
}

func (i *images) stop() { _ = i.server.Close() }

func writeImages(dir string) error {
	disk := filepath.Join(dir, vmdkName)
	w, err := vmdk.NewStreamOptimizedWriter(disk, imageBytes)
	if err != nil {
		return err
	}
	if err := w.Write(strings.NewReader("")); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	content, err := os.ReadFile(disk)
	if err != nil {
		return err
	}
	ovf := []byte(fmt.Sprintf(ovfTemplate, vmdkName, len(content), imageBytes))
	if err := os.WriteFile(filepath.Join(dir, ovfName), ovf, 0o644); err != nil {
		return err
	}
	var archive bytes.Buffer
	t := tar.NewWriter(&archive)
	for _, f := range []struct {
		name    string
		content []byte
	}{{ovfName, ovf}, {vmdkName, content}} {
		if err := t.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content))}); err != nil {
			return err
		}
		if _, err := t.Write(f.content); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, ovaName), archive.Bytes(), 0o644)
}

// ovfTemplate describes a machine with one disk and one adapter (DMTF DSP0243), on the network that the tests map.
const ovfTemplate = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References><File ovf:id="file1" ovf:href="%s" ovf:size="%d"/></References>
  <DiskSection>
    <Info>Disks</Info>
    <Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="%d" ovf:capacityAllocationUnits="byte"
      ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <NetworkSection>
    <Info>Networks</Info>
    <Network ovf:name="Production_DVS - Mgmt"><Description>Management</Description></Network>
  </NetworkSection>
  <VirtualSystem ovf:id="template">
    <Info>A machine</Info>
    <Name>template</Name>
    <OperatingSystemSection ovf:id="94" vmw:osType="ubuntu64Guest"><Info>Guest</Info></OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Hardware</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>template</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType>
      </System>
      <Item>
        <rasd:ElementName>1 virtual CPU</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ElementName>512 MB of memory</rasd:ElementName>
        <rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>512</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:Address>0</rasd:Address><rasd:ElementName>SCSI Controller 0</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID>
        <rasd:ResourceSubType>lsilogic</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>Hard Disk 1</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent>
        <rasd:ResourceType>17</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>7</rasd:AddressOnParent><rasd:AutomaticAllocation>true</rasd:AutomaticAllocation>
        <rasd:Connection>Production_DVS - Mgmt</rasd:Connection><rasd:ElementName>Ethernet 1</rasd:ElementName>
        <rasd:InstanceID>5</rasd:InstanceID><rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType>
      </Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`
