// Checks examples of a log's trees, proofs, notes and tiles with Go's own packages for the checksum database: checker FILE.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type vectors struct {
	Roots []struct {
		Size int64
		Root tlog.Hash
	}
	Inclusion []struct {
		Index, Size int64
		Hashes      tlog.RecordProof
	}
	Consistency []struct {
		Old, New int64
		Hashes   tlog.TreeProof
	}
	Tiles []struct {
		Level *int
		Index int64
		Width int
		Path  string
	}
	Changed []struct {
		Old, New int64
		Paths    []string
	}
	Notes    []struct{ Secret, Key, Text, Note string }
	Cosigned struct {
		Log, Witness, Origin string
		At                   uint64
		Note                 string
	}
	Leaves []struct {
		Text string
		Hash tlog.Hash
	}
	Proofs []struct{ Key, Origin, Record, File string }
}

func main() {
	var examples vectors
	bytes, err := os.ReadFile(os.Args[1])
	must(err, "file")
	must(json.Unmarshal(bytes, &examples), "file")
	examples.checkTrees()
	examples.checkTiles()
	examples.checkNotes()
	examples.checkProofs()
	fmt.Printf("Go finds the same: %d roots, %d inclusion proofs, %d consistency proofs\n",
		len(examples.Roots), len(examples.Inclusion), len(examples.Consistency))
}

// stored is a log of `record 0`, `record 1` and so on.
type stored []tlog.Hash

func (hashes stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	read := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		read[i] = hashes[index]
	}
	return read, nil
}

func logOf(size int64) stored {
	var hashes stored
	for n := range size {
		more, err := tlog.StoredHashes(n, fmt.Appendf(nil, "record %d", n), hashes)
		must(err, "log")
		hashes = append(hashes, more...)
	}
	return hashes
}

func (examples *vectors) checkTrees() {
	largest := int64(0)
	for _, root := range examples.Roots {
		largest = max(largest, root.Size)
	}
	log := logOf(largest)
	roots := map[int64]tlog.Hash{}
	for _, example := range examples.Roots {
		root, err := tlog.TreeHash(example.Size, log)
		must(err, "root of %d", example.Size)
		expect(root == example.Root, "root of %d: it is %v", example.Size, root)
		roots[example.Size] = root
	}
	for _, example := range examples.Inclusion {
		leaf := tlog.RecordHash(fmt.Appendf(nil, "record %d", example.Index))
		err := tlog.CheckRecord(example.Hashes, example.Size, roots[example.Size], example.Index, leaf)
		must(err, "inclusion of %d in %d", example.Index, example.Size)
		proof, err := tlog.ProveRecord(example.Size, example.Index, log)
		must(err, "inclusion of %d in %d", example.Index, example.Size)
		expect(slices.Equal(proof, example.Hashes), "inclusion of %d in %d: another proof", example.Index, example.Size)
	}
	for _, example := range examples.Consistency {
		err := tlog.CheckTree(example.Hashes, example.New, roots[example.New], example.Old, roots[example.Old])
		must(err, "consistency of %d in %d", example.Old, example.New)
		proof, err := tlog.ProveTree(example.New, example.Old, log)
		must(err, "consistency of %d in %d", example.Old, example.New)
		expect(slices.Equal(proof, example.Hashes), "consistency of %d in %d: another proof", example.Old, example.New)
	}
}

// pathOf is a tile's path without the height, which is always 8, and with the word for records that the specification has.
func pathOf(tile tlog.Tile) string {
	path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	return strings.Replace(path, "tile/data/", "tile/entries/", 1)
}

func (examples *vectors) checkTiles() {
	for _, example := range examples.Tiles {
		level := -1
		if example.Level != nil {
			level = *example.Level
		}
		path := pathOf(tlog.Tile{H: 8, L: level, N: example.Index, W: example.Width})
		expect(path == example.Path, "tile %s: its path is %s", example.Path, path)
	}
	for _, example := range examples.Changed {
		var paths []string
		for _, tile := range tlog.NewTiles(8, example.Old, example.New) {
			paths = append(paths, pathOf(tile))
		}
		if count := len(paths); count > 8 {
			paths = append(paths[:2:2], paths[count-4:]...)
		}
		expect(slices.Equal(paths, example.Paths), "changed from %d to %d: %v", example.Old, example.New, paths)
	}
}

func (examples *vectors) checkNotes() {
	for _, example := range examples.Notes {
		opened := open(example.Note, "note", verifier(example.Key))
		expect(opened.Text == example.Text, "note: its text is %q", opened.Text)
		signer, err := note.NewSigner(example.Secret)
		must(err, "note")
		signed, err := note.Sign(&note.Note{Text: example.Text}, signer)
		must(err, "note")
		expect(string(signed) == example.Note, "note: signed here it is %q", signed)
	}
	cosigned := examples.Cosigned
	witness := newWitness(cosigned.Witness)
	opened := open(cosigned.Note, "cosignature", verifier(cosigned.Log), witness)
	expect(len(opened.Sigs) == 2, "cosignature: %d of two signed it", len(opened.Sigs))
	expect(witness.at == cosigned.At, "cosignature: it is of second %d", witness.at)
	expect(strings.HasPrefix(opened.Text, cosigned.Origin+"\n"), "cosignature: of %q", opened.Text)
}

func (examples *vectors) checkProofs() {
	for _, example := range examples.Leaves {
		expect(tlog.RecordHash([]byte(example.Text)) == example.Hash, "leaf %q has another hash", example.Text)
	}
	for _, example := range examples.Proofs {
		head, checkpoint, _ := strings.Cut(example.File, "\n\n")
		lines := strings.Split(head, "\n")
		expect(lines[0] == "c2sp.org/tlog-proof@v1", "proof: it begins with %q", lines[0])
		var index, size int64
		_, err := fmt.Sscanf(lines[1], "index %d", &index)
		must(err, "proof")
		var proof tlog.RecordProof
		for _, line := range lines[2:] {
			hash, err := tlog.ParseHash(line)
			must(err, "proof")
			proof = append(proof, hash)
		}
		text := strings.Split(open(checkpoint, "proof", verifier(example.Key)).Text, "\n")
		_, err = fmt.Sscan(text[1], &size)
		must(err, "proof")
		root, err := tlog.ParseHash(text[2])
		must(err, "proof")
		expect(text[0] == example.Origin, "proof: of %q", text[0])
		must(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash([]byte(example.Record))), "proof of %q", example.Record)
	}
}

func verifier(key string) note.Verifier {
	verifier, err := note.NewVerifier(key)
	must(err, "key %s", key)
	return verifier
}

func open(text, what string, verifiers ...note.Verifier) *note.Note {
	opened, err := note.Open([]byte(text), note.VerifierList(verifiers...))
	must(err, "%s", what)
	return opened
}

// witness verifies cosignatures by c2sp.org/tlog-cosignature, which Go's package leaves to others, and remembers the time of the last.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	at   uint64
}

func newWitness(text string) *witness {
	parts := strings.SplitN(text, "+", 3)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	must(err, "cosignature")
	expect(len(key) == 33 && key[0] == 4, "cosignature: its key is of another kind")
	sum := sha256.Sum256(slices.Concat([]byte(parts[0]+"\n"), key))
	expect(fmt.Sprintf("%x", sum[:4]) == parts[1], "cosignature: the key's id is %x", sum[:4])
	return &witness{name: parts[0], hash: binary.BigEndian.Uint32(sum[:]), key: key[1:]}
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	w.at = binary.BigEndian.Uint64(signature)
	return ed25519.Verify(w.key, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", w.at, text), signature[8:])
}

func must(err error, what string, about ...any) {
	if err != nil {
		expect(false, what+": %v", append(about, err)...)
	}
}

func expect(holds bool, what string, about ...any) {
	if !holds {
		fmt.Fprintf(os.Stderr, what+"\n", about...)
		os.Exit(1)
	}
}
