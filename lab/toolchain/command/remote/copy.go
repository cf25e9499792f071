package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pkg/sftp"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// CopyToRemote copies an asset or a folder to a machine. Deleting it leaves the copy there.
type CopyToRemote struct{}

// CopyToRemoteArgs are the inputs and the state of CopyToRemote.
type CopyToRemoteArgs struct {
	Connection *Connection          `pulumi:"connection" provider:"secret"`
	Source     types.AssetOrArchive `pulumi:"source"`
	RemotePath string               `pulumi:"remotePath"`
	Triggers   *[]any               `pulumi:"triggers,optional" provider:"replaceOnChanges"`
}

// CopyToRemoteState is the state of CopyToRemote.
type CopyToRemoteState struct{ CopyToRemoteArgs }

// Check refuses sources that have no local content.
func (*CopyToRemote) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[CopyToRemoteArgs], error) {
	args, failures, err := infer.DefaultCheck[CopyToRemoteArgs](ctx, req.NewInputs)
	asset, archive := args.Source.Asset, args.Source.Archive
	if err == nil && (asset != nil && !asset.IsPath() && !asset.IsText() || archive != nil && !archive.IsPath()) {
		failures = append(failures, p.CheckFailure{Property: "source", Reason: "must be a FileAsset, a StringAsset or a FileArchive"})
	}
	return infer.CheckResponse[CopyToRemoteArgs]{Inputs: args, Failures: failures}, err
}

// Create copies.
func (*CopyToRemote) Create(ctx context.Context, req infer.CreateRequest[CopyToRemoteArgs]) (infer.CreateResponse[CopyToRemoteState], error) {
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if err == nil && !req.DryRun {
		err = req.Inputs.copy(ctx)
	}
	return infer.CreateResponse[CopyToRemoteState]{ID: id, Output: CopyToRemoteState{req.Inputs}}, err
}

// Update copies again when the content or the destination changed; another connection alone does not.
func (*CopyToRemote) Update(ctx context.Context, req infer.UpdateRequest[CopyToRemoteArgs, CopyToRemoteState]) (infer.UpdateResponse[CopyToRemoteState], error) {
	changed := req.Inputs.hash() != req.State.hash() || req.Inputs.RemotePath != req.State.RemotePath
	var err error
	if changed && !req.DryRun {
		err = req.Inputs.copy(ctx)
	}
	return infer.UpdateResponse[CopyToRemoteState]{Output: CopyToRemoteState{req.Inputs}}, err
}

func (a CopyToRemoteArgs) hash() string {
	if a.Source.Asset != nil {
		return a.Source.Asset.Hash
	}
	return a.Source.Archive.Hash
}

func (a CopyToRemoteArgs) copy(ctx context.Context) error {
	return withSFTP(ctx, a.Connection, func(client *sftp.Client) error {
		switch asset := a.Source.Asset; {
		case asset != nil && asset.IsText():
			return writeText(client, asset.Text, a.RemotePath)
		case asset != nil:
			return copyPath(client, asset.Path, a.RemotePath)
		default:
			return copyPath(client, a.Source.Archive.Path, a.RemotePath)
		}
	})
}

// CopyFile copies one local file, by its path. The official provider deprecates it for CopyToRemote.
type CopyFile struct{}

// CopyFileArgs are the inputs of CopyFile.
type CopyFileArgs struct {
	Connection *Connection `pulumi:"connection" provider:"secret"`
	LocalPath  string      `pulumi:"localPath" provider:"replaceOnChanges"`
	RemotePath string      `pulumi:"remotePath" provider:"replaceOnChanges"`
	Triggers   *[]any      `pulumi:"triggers,optional" provider:"replaceOnChanges"`
}

// CopyFileState is the state of CopyFile.
type CopyFileState struct{ CopyFileArgs }

// Create copies.
func (*CopyFile) Create(ctx context.Context, req infer.CreateRequest[CopyFileArgs]) (infer.CreateResponse[CopyFileState], error) {
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if err == nil && !req.DryRun {
		err = withSFTP(ctx, req.Inputs.Connection, func(client *sftp.Client) error {
			return copyPath(client, req.Inputs.LocalPath, req.Inputs.RemotePath)
		})
	}
	return infer.CreateResponse[CopyFileState]{ID: id, Output: CopyFileState{req.Inputs}}, err
}

func withSFTP(ctx context.Context, connection *Connection, use func(*sftp.Client) error) error {
	ssh, err := connection.dial(ctx)
	if err != nil {
		return err
	}
	defer ssh.Close()
	stop := context.AfterFunc(ctx, func() { ssh.Close() })
	defer stop()
	client, err := sftp.NewClient(ssh)
	if err != nil {
		return fmt.Errorf("no SFTP on %s: %w", connection.address(), err)
	}
	defer client.Close()
	return use(client)
}

func writeText(client *sftp.Client, text, to string) error {
	if info, err := stat(client, to); err != nil {
		return err
	} else if info != nil && info.IsDir() {
		return fmt.Errorf("remotePath %s is a directory: a text needs the path of a file", to)
	}
	return write(client, bytes.NewBufferString(text), to)
}

// What a path becomes, by what it is and what is there already:
//
//	from    an existing folder to   nothing at to   a file at to
//	dir     to/dir                  to/dir          error
//	dir/    the files in to         the files in to error
//	file    to/file                 to              overwritten
func copyPath(client *sftp.Client, from, to string) error {
	source, err := os.Stat(from)
	if err != nil {
		return err
	}
	target, err := stat(client, to)
	if err != nil {
		return err
	}
	if !source.IsDir() {
		if target != nil && target.IsDir() {
			to = path.Join(to, filepath.Base(from))
		}
		return copyFile(client, from, to)
	}
	if !strings.HasSuffix(from, "/") {
		to = path.Join(to, filepath.Base(from))
	}
	return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		there := path.Join(to, filepath.ToSlash(relative))
		if !entry.IsDir() {
			return copyFile(client, name, there)
		}
		if err := client.MkdirAll(there); err != nil {
			return fmt.Errorf("no directory %s on the remote host: %w", there, err)
		}
		return nil
	})
}

func copyFile(client *sftp.Client, from, to string) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	return write(client, file, to)
}

func write(client *sftp.Client, content io.Reader, to string) error {
	if err := client.MkdirAll(path.Dir(to)); err != nil {
		return fmt.Errorf("no directory %s on the remote host: %w", path.Dir(to), err)
	}
	file, err := client.Create(to)
	if err == nil {
		_, err = file.ReadFrom(content)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return fmt.Errorf("cannot write %s on the remote host: %w", to, err)
	}
	return nil
}

func stat(client *sftp.Client, name string) (fs.FileInfo, error) {
	info, err := client.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot look at %s on the remote host: %w", name, err)
	}
	return info, nil
}
