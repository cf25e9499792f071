// Package clients tries the simulated vCenter with clients that were not written for it: pyVmomi and oslo.vmware, as PyPI has
// them. Its tests install them once into the cache that setup uses too; requirements.lock pins them with their hashes:
//
//	uv pip compile --generate-hashes --no-header --no-annotate requirements.in -o requirements.lock
package clients
