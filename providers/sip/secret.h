/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passwords, which never stand in sip.conf itself. */
#ifndef CALLSD_SIP_SECRET_H
#define CALLSD_SIP_SECRET_H

/*
 * The first line of a file; *field is replaced. 0, -EINVAL (no absolute path, or no name of a
 * credential), -ENODATA (empty), -EPERM (others can read it), or what opening gave.
 */
int secret_from_file(const char *path, char **field);
/* The same of a credential of the unit; nobody but systemd sees to who can read it. */
int secret_from_credential(const char *name, char **field);
/* Overwrites and frees. Takes NULL. */
void secret_free(char *secret);

#endif
