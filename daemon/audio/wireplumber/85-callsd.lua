-- SPDX-License-Identifier: LGPL-2.1-or-later
-- For WirePlumber 0.4: nothing about the streams and nodes of a call is remembered.
--
-- Without it the device that a call was put on, and its mute, would be those of every later stream
-- with the same role: of another app, and long after the call. The values have to be booleans; the
-- same properties on the stream itself are of no effect.
table.insert(stream_defaults.rules, {
  matches = {
    { { "callsd.call.id", "is-present" } },
    { { "media.role", "=", "Communication" } },
    { { "media.role", "=", "Phone" } },
    { { "node.name", "=", "callsd.introduction" } },
  },
  apply_properties = {
    ["state.restore-props"] = false,
    ["state.restore-target"] = false,
  },
})
