// Package vsphere stands in for the provider's tests: one for each way in which a test can end.
package vsphere

import (
	"crypto/tls"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// call sends a call that needs no session.
func call(t *testing.T, name, object string) int {
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	request := `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><` + name + ` xmlns="urn:vim25">` +
		`<_this type="` + object + `">` + object + `</_this></` + name + `></Body></Envelope>`
	res, err := client.Post("https://"+os.Getenv("VSPHERE_SERVER")+"/sdk", "text/xml", strings.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode
}

func TestAccResourceVSphereSite_answers(t *testing.T) {
	if status := call(t, "RetrieveServiceContent", "ServiceInstance"); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
}

func TestAccResourceVSphereSiteKnown_asksTooMuch(t *testing.T) { call(t, "Conjure", "Folder") }

func TestAccResourceVSphereSite_fails(t *testing.T) { t.Fatal("Error: it does not work") }

func TestAccResourceVSphereSite_panics(t *testing.T) { panic("nil somewhere") }

func TestAccResourceVSphereSite_skipsItself(t *testing.T) { t.Skip("set A_VARIABLE to run this") }

func TestAccDataSourceVSphereSite_hangs(t *testing.T) { time.Sleep(time.Hour) }

func TestAccDataSourceVSphereSite_needsHardware(t *testing.T) { t.Fatal("it was run") }

func TestUnit(t *testing.T) { t.Fatal("unit tests are not run") }
