// The vSphere provider: the Terraform provider behind the Pulumi bridge, as the official one is built.
//
// Without arguments of its own it serves the engine; with --schema it prints the package schema.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-sdk/helper/schema"
	"github.com/hashicorp/terraform-provider-vsphere/vsphere"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	shimv1 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v1"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
)

// Set at link time; must equal the plugin's folder and the SDK's package.json.
var version string

func provider() tfbridge.ProviderInfo {
	several := false
	info := tfbridge.ProviderInfo{
		P:            shimv1.NewProvider(vsphere.Provider().(*schema.Provider)),
		Name:         "vsphere",
		Version:      version,
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
		Resources: map[string]*tfbridge.ResourceInfo{
			// Later versions take several CD-ROM drives: with a list here too, the same program fits both.
			"vsphere_virtual_machine": {Fields: map[string]*tfbridge.SchemaInfo{"cdrom": {MaxItemsOne: &several}}},
		},
	}
	info.MustComputeTokens(tokens.SingleModule("vsphere_", "index", tokens.MakeStandard("vsphere")))
	info.SetAutonaming(255, "-")
	return info
}

func main() {
	info := provider()
	// The generator warns that it finds no upstream documentation, which nobody reads here: shown only if it fails.
	var messages bytes.Buffer
	spec, err := tfgen.GenerateSchema(info, diag.DefaultSink(&messages, &messages, diag.FormatOptions{Color: colors.Never}))
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s%v\n", messages.String(), err)
		os.Exit(1)
	}
	packageSchema, err := json.Marshal(spec)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if len(os.Args) == 2 && os.Args[1] == "--schema" {
		os.Stdout.Write(packageSchema)
		return
	}
	tfbridge.Main("vsphere", version, info, packageSchema)
}
