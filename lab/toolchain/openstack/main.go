// The OpenStack provider: the Terraform provider behind the Pulumi bridge, with the official tokens.
//
// Without arguments of its own it serves the engine; with --schema it prints the package schema.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/terraform-provider-openstack/terraform-provider-openstack/v3/openstack"
)

// Set at link time; must equal the plugin's folder and the SDK's package.json.
var version string

func provider() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:              shimv2.NewProvider(openstack.Provider()),
		Name:           "openstack",
		Version:        version,
		MetadataInfo:   tfbridge.NewProviderMetadata([]byte("{}")),
		IgnoreMappings: outside(openstack.Provider(), modules),
	}
	var prefixes []string
	for _, module := range modules {
		prefixes = append(prefixes, module+"_")
	}
	info.MustComputeTokens(tokens.KnownModules("openstack_", "", prefixes, officialToken))
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
	tfbridge.Main("openstack", version, info, packageSchema)
}
