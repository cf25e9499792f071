package labtest

import (
	"net/url"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
)

func (l *Lab) connect(u *url.URL) (*govmomi.Client, error) {
	sc := soap.NewClient(u, false)
	if err := sc.SetRootCAs(l.Config.TLS.Cert); err != nil {
		return nil, err
	}
	vim, err := vim25.NewClient(l.Ctx(), sc)
	if err != nil {
		return nil, err
	}
	c := &govmomi.Client{Client: vim, SessionManager: session.NewManager(vim)}
	return c, c.Login(l.Ctx(), u.User)
}
