package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// keyring has the API keys of one run of a command.
type keyring struct {
	mu      sync.Mutex
	given   string                // of --key-file
	passing map[string]passingKey // by tenant and permission
}

// passingKey is an API key with one permission that this run has made for itself. It lives for a minute, and is deleted
// when the run ends.
type passingKey struct {
	tenant, id, text string
	ends             time.Time
}

const (
	passingLife = time.Minute
	// passingSpare is what a passing key must have left for one more request.
	passingSpare = 20 * time.Second
)

// keyOf is an API key of a tenant: that of --key-file, one that is known, or a passing one.
func (c *ctl) keyOf(ctx context.Context, at home, tenant, permission string) (key string, err error) {
	k := c.keyring
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.key != "" {
		if k.given == "" { // standard input can be read once
			k.given, err = c.secretFrom(c.key)
		}
		return k.given, err
	}
	if known := at.keys[tenant]; known != "" {
		return known, nil
	}
	name := tenant + " " + permission
	if k.passing[name].ends.Before(time.Now().Add(passingSpare)) {
		made, err := c.makeKey(ctx, tenant, permission)
		if err != nil {
			return "", err
		}
		c.forget(ctx, k.passing[name])
		if k.passing == nil {
			k.passing = map[string]passingKey{}
		}
		k.passing[name] = made
	}
	return k.passing[name].text, nil
}

func (c *ctl) makeKey(ctx context.Context, tenant, permission string) (passingKey, error) {
	ends := time.Now().Add(passingLife)
	made, _, err := call[apiKey](ctx, c, "create-api-key", map[string]any{
		"tenantId": tenant, "name": "rtctl", "permissions": []string{permission}, "expiresAt": ends.UTC().Format(time.RFC3339),
	})
	if err != nil {
		apps, _, errList := call[listed](ctx, c, "retrieve-applications", map[string]any{"tenantId": tenant})
		if errList == nil && len(apps.Applications) == 0 {
			err = fmt.Errorf("tenant %s has no application, and so no session", tenant)
		}
	}
	return passingKey{tenant, made.KeyID, made.APIKey, ends}, err
}

// forget deletes a passing key.
func (c *ctl) forget(ctx context.Context, key passingKey) {
	if key.id == "" {
		return
	}
	_, err := c.invoke(context.WithoutCancel(ctx), "delete-api-key", map[string]any{"tenantId": key.tenant, "keyId": key.id})
	if err != nil {
		fmt.Fprintf(c.err, "warning: API key %s expires in a minute; it could not be deleted\n", key.id)
	}
}

// forgetAll deletes the passing keys at the end of a run.
func (c *ctl) forgetAll(ctx context.Context) {
	for _, key := range c.keyring.passing {
		c.forget(ctx, key)
	}
}
