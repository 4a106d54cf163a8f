// thumbnail: makes a small JPEG of each picture that an object store says was put into it. Gets the
// object, shrinks it, puts the result beside it under thumbnails/. Ordinary Go with minio-go, which
// speaks to Amazon S3 and to every store with its API; the manifest says which one it may reach
// (docs/network.md).
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	prefix     = "thumbnails/"
	largest    = 32 << 20 // bytes of a picture as it is stored
	longestRow = 160      // pixels of a thumbnail's longer side
)

// record is what an S3 event says of one object.
type record struct {
	Region string `json:"awsRegion"`
	S3     struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key string `json:"key"` // as in a query: a space is '+'
		} `json:"object"`
	} `json:"s3"`
}

// records takes one record, as ferry gives it on AWS Lambda, or a whole notification, as stores
// post it to a URL.
func records(data []byte) ([]record, error) {
	var all struct {
		record
		Records []record `json:"Records"`
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	if len(all.Records) == 0 {
		all.Records = []record{all.record}
	}
	for i := range all.Records {
		object := &all.Records[i].S3.Object
		key, err := url.QueryUnescape(object.Key)
		if err != nil {
			return nil, err
		}
		if object.Key = key; key == "" || all.Records[i].S3.Bucket.Name == "" {
			return nil, errors.New("no bucket or no key in it")
		}
	}
	return all.Records, nil
}

// connect makes a client of $S3_ENDPOINT, or of Amazon's in the record's region.
func connect(region string) (*minio.Client, error) {
	if region == "" {
		region = "us-east-1"
	}
	endpoint := os.Getenv("S3_ENDPOINT")
	if endpoint == "" {
		endpoint = "https://s3." + region + ".amazonaws.com"
	}
	at, err := url.Parse(endpoint)
	if err != nil || at.Host == "" {
		return nil, fmt.Errorf("S3_ENDPOINT is not a URL: %q", endpoint)
	}
	client, err := minio.New(at.Host, &minio.Options{
		Creds:        credentials.NewEnvAWS(),
		Secure:       at.Scheme == "https",
		Region:       region,                 // else the client asks for it first
		BucketLookup: minio.BucketLookupPath, // one host for all buckets: one grant
	})
	if err == nil {
		client.SetS3EnableDualstack(false) // a host of its own
	}
	return client, err
}

type made struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Bytes  int    `json:"bytes"`
}

func thumbnail(ctx context.Context, r record) (made, error) {
	bucket, key := r.S3.Bucket.Name, r.S3.Object.Key
	store, err := connect(r.Region)
	if err != nil {
		return made{}, err
	}
	object, err := store.GetObject(ctx, bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return made{}, err
	}
	defer object.Close()
	picture, err := io.ReadAll(io.LimitReader(object, largest+1))
	if err != nil {
		return made{}, err
	}
	if len(picture) > largest {
		return made{}, fmt.Errorf("larger than %d MiB", largest>>20)
	}
	small, size, err := shrink(picture, longestRow)
	if err != nil {
		return made{}, err
	}
	out := made{bucket, prefix + key, size.X, size.Y, len(small)}
	_, err = store.PutObject(ctx, bucket, out.Key, bytes.NewReader(small), int64(len(small)),
		minio.PutObjectOptions{ContentType: "image/jpeg"})
	return out, err
}

func main() {
	log.SetFlags(0)
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	all, err := records(data)
	if err != nil {
		log.Fatalf("the event is not an S3 notification: %v", err)
	}
	out := []made{}
	for _, r := range all {
		key := r.S3.Object.Key
		if strings.HasPrefix(key, prefix) {
			log.Printf("%s is a thumbnail: nothing to do", key) // its own event must not loop
			continue
		}
		one, err := thumbnail(context.Background(), r)
		if err != nil {
			log.Fatalf("%s: %v", key, err)
		}
		out = append(out, one)
	}
	json.NewEncoder(os.Stdout).Encode(out)
}
