package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// schemaTypes are the Go types that XML Schema has names for.
var schemaTypes = map[string]string{
	"string": "string", "bool": "boolean", "int": "int", "int32": "int", "int64": "long", "int16": "short",
	"int8": "byte", "byte": "byte", "uint8": "byte", "float32": "float", "float64": "double",
	"AnyType": "anyType", "time.Time": "dateTime", "url.URL": "anyURI",
}

const envelope = `<?xml version="1.0" encoding="UTF-8"?>
<definitions targetNamespace="urn:vim25" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:v="urn:vim25" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<types><schema targetNamespace="urn:vim25" xmlns="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">
%s</schema></types>
%s<portType name="VimPortType">
%s</portType>
<binding name="VimBinding" type="v:VimPortType"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
%s</binding>
<service name="VimService"><port binding="v:VimBinding" name="VimPort"><soap:address location="https://localhost/sdk/vimService"/></port></service>
</definitions>
`

// catalogue is what govmomi declares: its types by name.
type catalogue map[string]ast.Expr

// Describe makes the WSDL from the source files of govmomi's types.
func Describe(dir string) ([]byte, error) {
	c := catalogue{}
	files := token.NewFileSet()
	for _, name := range []string{"types.go", "enum.go", "unreleased.go"} {
		file, err := parser.ParseFile(files, filepath.Join(dir, name), nil, 0)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				c[spec.Name.Name] = spec.Type
			}
			return true
		})
	}
	var schema, messages, port, binding bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(c)) {
		switch t := c[name].(type) {
		case *ast.Ident:
			if t.Name == "string" {
				fmt.Fprintf(&schema, "<simpleType name=%q><restriction base=\"xsd:string\"/></simpleType>\n", name)
			} else if strings.HasSuffix(t.Name, "RequestType") {
				fmt.Fprintf(&schema, "<element name=%q type=\"v:%s\"/>\n", name, t.Name)
				writeOperation(&messages, &port, &binding, name)
			}
		case *ast.StructType:
			text, err := c.complexType(name, t)
			if err != nil {
				return nil, err
			}
			schema.WriteString(text + "\n")
		}
	}
	return fmt.Appendf(nil, envelope, &schema, &messages, &port, &binding), nil
}

func writeOperation(messages, port, binding *bytes.Buffer, name string) {
	fmt.Fprintf(messages, "<message name=\"%sRequestMsg\"><part name=\"parameters\" element=\"v:%s\"/></message>\n", name, name)
	fmt.Fprintf(messages, "<message name=\"%sResponseMsg\"><part name=\"parameters\" element=\"v:%sResponse\"/></message>\n", name, name)
	fmt.Fprintf(port, "<operation name=%q><input message=\"v:%sRequestMsg\"/><output message=\"v:%sResponseMsg\"/></operation>\n", name, name, name)
	fmt.Fprintf(binding, "<operation name=%q><soap:operation soapAction=\"urn:vim25/8.0.0.0\" style=\"document\"/>"+
		"<input><soap:body use=\"literal\"/></input><output><soap:body use=\"literal\"/></output></operation>\n", name)
}

func (c catalogue) complexType(name string, t *ast.StructType) (string, error) {
	if name == "ManagedObjectReference" {
		return `<complexType name="ManagedObjectReference"><simpleContent><extension base="xsd:string"><attribute name="type" type="xsd:string"/></extension></simpleContent></complexType>`, nil
	}
	base := ""
	var elements strings.Builder
	for _, f := range t.Fields.List {
		if len(f.Names) == 1 && f.Names[0].Name == "XMLName" {
			continue
		}
		kind, repeated, err := c.schemaType(f.Type)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if len(f.Names) == 0 {
			base = kind
			continue
		}
		element, optional := xmlTag(f)
		if element == "" || element == "-" {
			continue
		}
		_, pointer := f.Type.(*ast.StarExpr)
		fmt.Fprintf(&elements, "<element name=%q type=%q%s/>", element, kind, occurs(pointer || optional, repeated))
	}
	content := "<sequence>" + elements.String() + "</sequence>"
	if base != "" {
		content = fmt.Sprintf("<complexContent><extension base=%q>%s</extension></complexContent>", base, content)
	}
	// The answer to a call is an element of its own, without a named type.
	if _, call := c[strings.TrimSuffix(name, "Response")]; call && strings.HasSuffix(name, "Response") {
		return fmt.Sprintf("<element name=%q><complexType>%s</complexType></element>", name, content), nil
	}
	return fmt.Sprintf("<complexType name=%q>%s</complexType>", name, content), nil
}

func xmlTag(f *ast.Field) (name string, optional bool) {
	if f.Tag == nil {
		return "", false
	}
	text, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return "", false
	}
	name, rest, _ := strings.Cut(reflect.StructTag(text).Get("xml"), ",")
	return name, strings.Contains(rest, "omitempty")
}

func occurs(optional, repeated bool) string {
	s := ""
	if optional || repeated {
		s += ` minOccurs="0"`
	}
	if repeated {
		s += ` maxOccurs="unbounded"`
	}
	return s
}

func (c catalogue) schemaType(e ast.Expr) (name string, repeated bool, err error) {
	switch t := e.(type) {
	case *ast.StarExpr:
		return c.schemaType(t.X)
	case *ast.ArrayType:
		name, _, err = c.schemaType(t.Elt)
		return name, true, err
	case *ast.SelectorExpr:
		if s, ok := schemaTypes[fmt.Sprintf("%s.%s", t.X, t.Sel.Name)]; ok {
			return "xsd:" + s, false, nil
		}
	case *ast.Ident:
		if s, ok := schemaTypes[t.Name]; ok {
			return "xsd:" + s, false, nil
		}
		if t.Name == "ByteSlice" {
			return "xsd:byte", true, nil
		}
		// An interface stands for a type and those derived from it.
		if _, known := c[t.Name]; !known {
			return "v:" + strings.TrimPrefix(t.Name, "Base"), false, nil
		}
		return "v:" + t.Name, false, nil
	}
	return "", false, fmt.Errorf("no schema type for %T %v", e, e)
}
