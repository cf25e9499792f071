package vc_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vapi/library"
	vapi "github.com/vmware/govmomi/vapi/rest"

	"vsphere-ha/lab/vcenter/labtest"
)

// The address of an upload is its own permission: clients send files without their session.
func TestAFileOfALibraryIsSentToTheAddressGivenForIt(t *testing.T) {
	l := labtest.Start(t, 200)
	hosts := l.Hosts(1)
	ds := l.NAS("ha-a", 0, hosts...)
	c := vapi.NewClient(l.Client.Client)
	l.Must(c.Login(l.Ctx(), url.UserPassword(labtest.User, labtest.Password)))
	m := library.NewManager(c)
	id, err := m.CreateLibrary(l.Ctx(), library.Library{
		Name: "files", Type: "LOCAL", Storage: []library.StorageBacking{{DatastoreID: ds.Value, Type: "DATASTORE"}},
	})
	l.Must(err)
	item, err := m.CreateLibraryItem(l.Ctx(), library.Item{Name: "note", Type: "file", LibraryID: id})
	l.Must(err)
	session, err := m.CreateLibraryItemUpdateSession(l.Ctx(), library.Session{LibraryItemID: item})
	l.Must(err)
	file, err := m.AddLibraryItemFile(l.Ctx(), session, library.UpdateFile{Name: "note.txt", SourceType: "PUSH", Size: 5})
	l.Must(err)
	address, err := url.Parse(file.UploadEndpoint.URI)
	l.Must(err)
	send := func(to string) int {
		req, err := http.NewRequest(http.MethodPut, "https://"+l.Config.Listen+to, strings.NewReader("hello"))
		l.Must(err)
		res, err := l.HTTP.Do(req)
		l.Must(err)
		l.Must(res.Body.Close())
		return res.StatusCode
	}
	if status := send(address.Path); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	if status := send(path.Join(path.Dir(path.Dir(address.Path)), "guess", "note.txt")); status != http.StatusNotFound {
		t.Errorf("a guessed address: status %d", status)
	}
}
