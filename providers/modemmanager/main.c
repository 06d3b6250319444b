/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* callsd-modemmanager: ModemManager's calls are callsd's. */
#include "mm.h"

int main(int argc, char **argv)
{
        return bridge_main(argc, argv, &modemmanager);
}
