package vc

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vmdk"
)

// A virtual disk is two files: a descriptor and the extent with its content, which is empty while nothing was written.

const (
	ddbThin = "thinProvisioned"
	ddbUUID = "uuid"
	// ddbEager marks thick disks whose blocks are zeroed. ESXi finds that out from the file system's blocks.
	ddbEager = "lab.eagerZeroed"
	// ddbParent is the path of the disk that this one builds on.
	ddbParent = "lab.parent"
)

// diskFile says how a new disk's file is to be: from is the path of a disk to copy, parent of one to build on; a blank
// disk has neither.
type diskFile struct {
	bytes        int64
	thin, eager  bool
	from, parent string
	replace      bool
}

// writeDisk makes the files of a disk at a path of the lab's file system.
func writeDisk(file string, d diskFile) error {
	if _, err := os.Stat(file); err == nil && !d.replace {
		return fs.ErrExist
	}
	extent := simulator.VirtualDiskBackingFileName(file)
	desc := vmdk.NewDescriptor(vmdk.Extent{Info: filepath.Base(extent), Size: d.bytes / vmdk.SectorSize})
	desc.DDB[ddbUUID] = newDiskUUID()
	if d.thin {
		desc.DDB[ddbThin] = "1"
	}
	if d.eager {
		desc.DDB[ddbEager] = "1"
	}
	if d.parent != "" {
		desc.DDB[ddbParent] = d.parent
	}
	if err := copyContent(d.from, extent); err != nil {
		return err
	}
	return saveDescriptor(desc, file)
}

func removeDisk(file string) {
	_ = os.Remove(simulator.VirtualDiskBackingFileName(file))
	_ = os.Remove(file)
}

func saveDescriptor(desc *vmdk.Descriptor, file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(desc.Write(f), f.Close())
}

// copyContent fills a new extent from another disk's, or leaves it empty.
func copyContent(from, extent string) error {
	dst, err := os.Create(extent)
	if err != nil {
		return err
	}
	if from == "" {
		return dst.Close()
	}
	src, err := os.Open(contentOf(from))
	if err == nil {
		_, err = io.Copy(dst, src)
		_ = src.Close()
	}
	return errors.Join(err, dst.Close())
}

// contentOf is the file with a disk's content: its own, or where nothing was written yet that of the disk it builds on.
func contentOf(file string) string {
	for range 64 { // longer than any chain that vSphere allows
		extent := simulator.VirtualDiskBackingFileName(file)
		info, err := os.Stat(extent)
		if err != nil {
			return file // a disk in one file, as clients upload them
		}
		desc, err := readDisk(file)
		if err != nil || info.Size() > 0 || desc.DDB[ddbParent] == "" {
			return extent
		}
		file = desc.DDB[ddbParent]
	}
	return file
}

// newDiskUUID is of the form that ESXi gives disks: VMware's own prefix, then chance.
func newDiskUUID() string { return "6000C29" + uuid.NewString()[7:] }

// readDisk reads a disk's descriptor.
func readDisk(file string) (*vmdk.Descriptor, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return vmdk.ParseDescriptor(io.LimitReader(f, 1<<16))
}

// locate finds a file of a datastore in the lab's file system.
func (s *Sim) locate(ctx *simulator.Context, dc *simulator.Datacenter, name string) (string, types.BaseMethodFault) {
	var p object.DatastorePath
	if !p.FromString(name) || dc == nil {
		return "", &types.InvalidDatastorePath{DatastorePath: name}
	}
	dir, ok := s.datastoreDir(ctx, dc, p.Datastore)
	if !ok || strings.Contains(p.Path, "..") {
		return "", &types.InvalidDatastorePath{InvalidDatastore: types.InvalidDatastore{Name: p.Datastore}, DatastorePath: name}
	}
	return filepath.Join(dir, p.Path), nil
}

// fileFault is the fault for what the file system said of a datastore's file.
func fileFault(name string, err error) types.BaseMethodFault {
	f := types.FileFault{File: name}
	switch {
	case errors.Is(err, fs.ErrExist):
		return &types.FileAlreadyExists{FileFault: f}
	case errors.Is(err, fs.ErrNotExist):
		return &types.FileNotFound{FileFault: f}
	}
	return &types.CannotCreateFile{FileFault: f}
}
