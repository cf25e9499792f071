package vc

import (
	"bytes"
	"crypto/sha1"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vmdk"
)

// serveLeases answers at the addresses of leases: disks come and go as stream-optimized VMDK files (VMware Virtual Disk
// Format 5.0, "Stream-Optimized Compressed Sparse Extents").
func (s *Sim) serveLeases() {
	s.svc.ServeMux.HandleFunc("GET /nfc/{lease}/{file}", s.sendDisk)
	s.svc.ServeMux.HandleFunc("PUT /nfc/{lease}/{file}", s.receiveDisk)
	s.svc.ServeMux.HandleFunc("POST /nfc/{lease}/{file}", s.receiveDisk)
}

func (s *Sim) leaseFile(r *http.Request) (*nfcLease, *leaseFile) {
	ref := types.ManagedObjectReference{Type: "HttpNfcLease", Value: r.PathValue("lease")}
	l, ok := s.context().Map.Get(ref).(*nfcLease)
	if !ok {
		return nil, nil
	}
	return l, l.file(r.PathValue("file"))
}

func (s *Sim) sendDisk(w http.ResponseWriter, r *http.Request) {
	l, f := s.leaseFile(r)
	if f == nil {
		http.NotFound(w, r)
		return
	}
	stream, done, err := openStream(f.path, f.capacity, s.cfg.DataDir)
	if err != nil {
		http.Error(w, "the disk cannot be read", http.StatusInternalServerError)
		return
	}
	defer done()
	if info, err := stream.Stat(); err == nil {
		w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	}
	w.Header().Set("Content-Type", "application/x-vnd.vmware-streamVmdk")
	sum := sha1.New()
	if n, err := io.Copy(io.MultiWriter(w, sum), stream); err == nil {
		l.transferred(r.PathValue("file"), sum.Sum(nil), n)
	}
}

// openStream opens a disk's content as a stream-optimized file: the one that was imported, or one that is made of the
// flat content there is. done closes it.
func openStream(file string, capacity int64, scratch string) (*os.File, func(), error) {
	content, err := os.Open(contentOf(file))
	if err != nil {
		return nil, nil, err
	}
	head := make([]byte, 4)
	n, _ := io.ReadFull(content, head)
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return nil, nil, err
	}
	if bytes.Equal(head[:n], []byte("KDMV")) {
		return content, func() { _ = content.Close() }, nil
	}
	defer func() { _ = content.Close() }()
	made, err := os.CreateTemp(scratch, "export-*.vmdk")
	if err != nil {
		return nil, nil, err
	}
	done := func() { _, _ = made.Close(), os.Remove(made.Name()) }
	if err := writeStream(made.Name(), content, capacity); err != nil {
		done()
		return nil, nil, err
	}
	return made, done, nil
}

// writeStream makes a stream-optimized file of flat content. The writer takes whole grains, so that the last is filled up.
func writeStream(name string, content *os.File, capacity int64) error {
	info, err := content.Stat()
	if err != nil {
		return err
	}
	const grain = vmdk.GrainSize * vmdk.SectorSize
	whole := (capacity + grain - 1) / grain * grain
	w, err := vmdk.NewStreamOptimizedWriter(name, whole)
	if err != nil {
		return err
	}
	rest := (grain - info.Size()%grain) % grain
	if err := w.Write(io.LimitReader(io.MultiReader(content, bytes.NewReader(make([]byte, rest))), whole)); err != nil {
		_ = w.Abort()
		return err
	}
	return w.Close()
}

func (s *Sim) receiveDisk(w http.ResponseWriter, r *http.Request) {
	l, f := s.leaseFile(r)
	if f == nil || !l.upload {
		http.NotFound(w, r)
		return
	}
	extent, err := os.Create(simulator.VirtualDiskBackingFileName(f.path))
	if err != nil {
		http.Error(w, "the disk cannot be written", http.StatusInternalServerError)
		return
	}
	sum := sha1.New()
	n, err := io.Copy(io.MultiWriter(extent, sum), r.Body)
	if closed := extent.Close(); err != nil || closed != nil {
		http.Error(w, "the transfer broke off", http.StatusBadRequest)
		return
	}
	l.transferred(r.PathValue("file"), sum.Sum(nil), n)
	w.WriteHeader(http.StatusOK)
}
