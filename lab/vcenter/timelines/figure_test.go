package timelines_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"vsphere-ha/lab/vcenter/timelines"
)

func TestFigureIsWellFormedAndShowsEachInstantInOrder(t *testing.T) {
	svg := timelines.Timeline{Fault: "loss of <one> host", Scale: 1, Marks: []timelines.Mark{
		{What: "late & last", Measured: 18.2, Documented: 18}, {What: "first", Measured: 9.9, Documented: -1},
	}}.SVG()
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"loss of &lt;one&gt; host", "18.2 (18) late &amp; last", "9.9 first"} {
		if !strings.Contains(svg, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Index(svg, "first") > strings.Index(svg, "late") {
		t.Error("the order is not that of time")
	}
	if got := strings.Count(svg, `fill="none"`); got != 1 {
		t.Errorf("%d rings for one documented instant", got)
	}
}
