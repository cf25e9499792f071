package callrecord

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const envelope = `<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="s"><soapenv:Header><op>1</op></soapenv:Header><soapenv:Body>%</soapenv:Body></soapenv:Envelope>`

// serve answers calls as a vCenter would whose every fault is known.
func serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	refuse := func(status int, text string) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
	switch text := string(body); {
	case strings.Contains(text, "panics"):
		panic("broken")
	case strings.Contains(text, "unknown"):
		refuse(500, `<Fault><detail><MethodNotFoundFault xmlns="urn:vim25">`)
	case strings.Contains(text, "full"):
		refuse(500, `<Fault><detail><InsufficientFailoverResourcesFaultFault xsi:type="x">`)
	case strings.Contains(text, "outage"):
		refuse(503, "Service Unavailable")
	}
}

func TestEveryCallIsNotedWithItsAnswerOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), File)
	l, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/sdk", serve)
	mux.HandleFunc("GET /rest/tag/", serve)
	handler := l.Listen(mux)
	send := func(method, path, body string) {
		defer func() { _ = recover() }()
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("User-Agent", "client/1")
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	soap := func(text string) { send("POST", "/sdk", strings.Replace(envelope, "%", text, 1)) }
	for range 2 {
		soap(`<ns0:PowerOnVM_Task><ns0:_this xsi:type="ManagedObjectReference" type="VirtualMachine">vm-1</ns0:_this></ns0:PowerOnVM_Task>`)
	}
	soap("\n  <PowerOnVM_Task xmlns=\"urn:vim25\">\n<_this type=\"VirtualMachine\">full</_this></PowerOnVM_Task>")
	soap(`<Fetch xmlns="urn:vim25"><_this type="HostSystem">host-1</_this><prop>unknown</prop></Fetch>`)
	soap(`<Login><_this type="SessionManager">panics</_this></Login>`)
	soap(`<Login><_this type="SessionManager">outage</_this></Login>`)
	send("GET", "/rest/tag/urn:1?~action=list", "")
	send("GET", "/rest/other", "")
	send("POST", "/rest/tag/urn:1", "")
	send("POST", "/folder/file", "PUT what you like")
	entries, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{
		{"client/1", "VirtualMachine.PowerOnVM_Task", Answered},
		{"client/1", "VirtualMachine.PowerOnVM_Task", "InsufficientFailoverResourcesFault"},
		{"client/1", "ManagedObject.Fetch", NotImplemented},
		{"client/1", "SessionManager.Login", Crashed},
		{"client/1", "SessionManager.Login", "HTTP 503"},
		{"client/1", "GET /rest/tag/?~action=list", Answered},
		{"client/1", "GET /rest/other", NotImplemented},
		{"client/1", "POST /rest/tag/urn:1", NotImplemented},
	}
	if !slices.Equal(entries, want) {
		t.Errorf("noted\n%v\nnot\n%v", entries, want)
	}
	if missing, err := Unanswered(file); err != nil || len(missing) != 4 {
		t.Errorf("unanswered: %v, %v", missing, err)
	}
}

func TestARequestIsPassedOnWhole(t *testing.T) {
	l, err := Open(filepath.Join(t.TempDir(), File))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Replace(envelope, "%", `<A><_this type="B">`+strings.Repeat("x", 3*headSize)+`</_this></A>`, 1)
	var got string
	l.Listen(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got = string(text)
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/sdk", strings.NewReader(long)))
	if got != long {
		t.Errorf("%d octets arrived of %d", len(got), len(long))
	}
}

func TestARecordHoldsTheCallsOfOneClientOnly(t *testing.T) {
	r := Record{"oslo": {"A.B": {"NoPermission"}}}
	entries := []Entry{
		{"python-requests/2", "A.B", "NotFound"}, {"python-requests/2", "A.B", Answered}, {"python-requests/3", "A.B", Answered},
		{"pyvmomi", "C.D", Answered},
	}
	if err := r.Add("oslo", entries); err != nil {
		t.Fatal(err)
	}
	if len(r["oslo"]) != 1 || !slices.Equal(r["oslo"]["A.B"], []string{"NoPermission", "NotFound", Answered}) {
		t.Errorf("%v", r)
	}
	if err := r.Add("govmomi", entries); err == nil {
		t.Error("a client that made no call was recorded")
	}
	if err := r.Add("curl", entries); err == nil || !strings.Contains(err.Error(), "pyvmomi") {
		t.Errorf("an unknown client: %v", err)
	}
	if table := r.Table(); !strings.Contains(table, "| A.B |  |  |  |  | NoPermission, NotFound, ● |  |  |") {
		t.Errorf("%s", table)
	}
}

// What is on record was made by real clients; what the lab owes an answer may not be among it.
func TestEveryCallOnRecordIsAnswered(t *testing.T) {
	r, err := Load(Path())
	if err != nil {
		t.Fatal(err)
	}
	for client, made := range r {
		for call, answers := range made {
			for _, a := range answers {
				if (Entry{Answer: a}).Unanswered() {
					t.Errorf("%s of %s: %s", call, client, a)
				}
			}
		}
	}
}
