package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"testing"

	"vsphere-ha/lab/vcenter/wsdl"
)

func TestTheServedDescriptionIsTheOneOfTheGovmomiInGoMod(t *testing.T) {
	dir, err := Source()
	if err != nil {
		t.Fatal(err)
	}
	want, err := Describe(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := wsdl.Text()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("vimService.wsdl.gz is not what govmomi's types say: run go generate ./wsdl")
	}
}

// Each message names an element that the schema declares, and each type that an element names is there.
func TestTheDescriptionNamesNothingThatItDoesNotDeclare(t *testing.T) {
	text, err := wsdl.Text()
	if err != nil {
		t.Fatal(err)
	}
	declared, used := map[string]bool{}, map[string]bool{}
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range start.Attr {
			switch a.Name.Local {
			case "name":
				declared["v:"+a.Value] = true
			case "type", "base", "element", "message":
				used[a.Value] = true
			}
		}
	}
	for name := range used {
		if name[:2] == "v:" && !declared[name] {
			t.Errorf("%s is used and not declared", name)
		}
	}
	if len(used) < 1000 {
		t.Errorf("only %d names are used", len(used))
	}
}
