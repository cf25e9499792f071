package local

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gobwas/glob"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

func collectFiles(result *processResult, dir string, args processArgs) error {
	if dir == "" {
		dir = "."
	}
	if args.AssetPaths != nil {
		assets, err := assetsOf(dir, *args.AssetPaths)
		if err != nil {
			return fmt.Errorf("assetPaths: %w", err)
		}
		outputs := make(map[string]types.AssetOrArchive, len(assets))
		for path, asset := range assets {
			outputs[path] = types.AssetOrArchive{Asset: asset}
		}
		result.Assets = &outputs
	}
	if args.ArchivePaths != nil {
		assets, err := assetsOf(dir, *args.ArchivePaths)
		if err != nil {
			return fmt.Errorf("archivePaths: %w", err)
		}
		entries := make(map[string]any, len(assets))
		for path, asset := range assets {
			entries[path] = asset
		}
		if result.Archive, err = resource.NewAssetArchive(entries); err != nil {
			return fmt.Errorf("archivePaths: %w", err)
		}
	}
	return nil
}

func assetsOf(dir string, patterns []string) (map[string]*resource.Asset, error) {
	paths, err := match(os.DirFS(dir), patterns)
	if err != nil {
		return nil, err
	}
	assets := make(map[string]*resource.Asset, len(paths))
	for _, path := range paths {
		if assets[path], err = resource.NewPathAsset(filepath.Join(dir, path)); err != nil {
			return nil, err
		}
	}
	return assets, nil
}

// The files that the patterns select. They are applied in order; one that begins with "!" takes its matches out again.
func match(files fs.FS, patterns []string) ([]string, error) {
	type rule struct {
		glob.Glob
		exclude bool
	}
	var rules []rule
	for _, pattern := range patterns {
		compiled, err := glob.Compile(strings.TrimPrefix(pattern, "!"), '/')
		if err != nil {
			return nil, fmt.Errorf("%q is no glob: %w", pattern, err)
		}
		rules = append(rules, rule{compiled, strings.HasPrefix(pattern, "!")})
	}
	var paths []string
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		selected := false
		for _, r := range rules {
			if r.Match(path) {
				selected = !r.exclude
			}
		}
		if selected {
			paths = append(paths, path)
		}
		return nil
	})
	return paths, err
}
