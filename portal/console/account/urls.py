"""Addresses under the names that allauth looks them up by. What of allauth stands not here cannot be reached."""

from django.urls import path

from portal.console.account import second_factor
from portal.console.account.password import ChangePassword, SetPassword
from portal.console.account.provider import callback, start
from portal.console.sign_in import SignIn, sign_out

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="account_login"),
    path("sign-in/second-factor/", second_factor.Authenticate.as_view(), name="mfa_authenticate"),
    path("sign-in/passkey/", second_factor.PasskeySignIn.as_view(), name="mfa_login_webauthn"),
    path("sign-in/<slug:provider_id>/start/", start, name="openid_connect_login"),
    path("sign-in/<slug:provider_id>/callback/", callback, name="openid_connect_callback"),
    path("sign-out/", sign_out, name="account_logout"),
    path("account/", second_factor.Index.as_view(), name="mfa_index"),
    path("account/confirm/password/", second_factor.ConfirmByPassword.as_view(), name="account_reauthenticate"),
    path("account/confirm/code/", second_factor.ConfirmByCode.as_view(), name="mfa_reauthenticate"),
    path("account/confirm/passkey/", second_factor.ConfirmByPasskey.as_view(), name="mfa_reauthenticate_webauthn"),
    path("account/app/add/", second_factor.AddApp.as_view(), name="mfa_activate_totp"),
    path("account/app/remove/", second_factor.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("account/passkeys/add/", second_factor.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/rename/", second_factor.RenamePasskey.as_view(), name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove/", second_factor.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("account/recovery-codes/", second_factor.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path(
        "account/recovery-codes/download/",
        second_factor.DownloadRecoveryCodes.as_view(),
        name="mfa_download_recovery_codes",
    ),
    path("account/recovery-codes/new/", second_factor.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("account/password/", ChangePassword.as_view(), name="account_change_password"),
    path("account/set-password/<uidb64>/<token>/", SetPassword.as_view(), name="account_set_password"),
]
