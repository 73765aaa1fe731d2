// checklog checks a bundle of the audit log with golang.org/x/mod alone: the checkpoint's signature,
// the tiles, every leaf of the entry bundles, and that the tree extends an earlier checkpoint.
//
//	checklog PUBLIC-KEY BUNDLE [EARLIER-CHECKPOINT]
//
// It prints the size and the root, and exits with 1 when anything is wrong.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// reader finds tiles in the folder; tlog names them tile/8/L/N, the bundle tile/L/N.
type reader struct{ folder string }

func (r reader) Height() int { return 8 }

func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		name := "tile/" + strings.TrimPrefix(t.Path(), "tile/8/")
		if t.L == -1 {
			return nil, fmt.Errorf("no data tiles here")
		}
		data, err := os.ReadFile(filepath.Join(r.folder, name))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

func open(key note.Verifier, path string) tlog.Tree {
	data, err := os.ReadFile(path)
	check(err)
	n, err := note.Open(data, note.VerifierList(key))
	check(err)
	lines := strings.SplitN(n.Text, "\n", 4)
	if len(lines) < 4 || lines[0] != key.Name() {
		check(fmt.Errorf("checkpoint of another log"))
	}
	var size int64
	_, err = fmt.Sscanf(lines[1], "%d", &size)
	check(err)
	root, err := tlog.ParseHash(lines[2])
	check(err)
	return tlog.Tree{N: size, Hash: root}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	key, err := note.NewVerifier(os.Args[1])
	check(err)
	folder := os.Args[2]
	tree := open(key, filepath.Join(folder, "checkpoint"))
	hashes := tlog.TileHashReader(tree, reader{folder})
	for start := int64(0); start < tree.N; start += 256 {
		width := min(256, tree.N-start)
		tile := tlog.Tile{H: 8, L: 0, N: start / 256, W: int(width)}
		name := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/0/")
		data, err := os.ReadFile(filepath.Join(folder, name))
		check(err)
		for i := start; i < start+width; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				check(fmt.Errorf("%s is cut short", name))
			}
			length := 2 + int(binary.BigEndian.Uint16(data))
			proof, err := tlog.ProveRecord(tree.N, i, hashes)
			check(err)
			check(tlog.CheckRecord(proof, tree.N, tree.Hash, i, tlog.RecordHash(data[2:length])))
			data = data[length:]
		}
	}
	if len(os.Args) > 3 {
		old := open(key, os.Args[3])
		proof, err := tlog.ProveTree(tree.N, old.N, hashes)
		check(err)
		check(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
	}
	fmt.Println(tree.N, tree.Hash)
}
