package api

import "context"

// DeleteByUserAndApplication is DELETE /jwt/users/{userId}/applications/{applicationId}/refresh.
func DeleteByUserAndApplication(c Core) Handler {
	return c.serve(opDeleteByUserAndApplication, envelope{}, func(ctx context.Context, r *request) (answer, error) {
		return c.onPath(ctx, r, opDeleteByUserAndApplication, keyUserID, keyApplicationID)
	})
}
