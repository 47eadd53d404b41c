"""Rewrites recorded run files without the unused part of their last chunks: python3 pack.py RUN.h5...

The structure stays that of core/store's writer, the only one that its reader accepts: no compression, attributes in the
object headers, chunks of whole rows.
"""

import os
import sys

import h5py
import numpy


def copy_attributes(source, target):
    for name in source.attrs:
        attribute = h5py.h5a.open(source.id, name.encode())
        space, kind = attribute.get_space(), attribute.get_type()
        new = h5py.h5a.create(target.id, name.encode(), kind, space)
        data = numpy.empty(space.shape, dtype=kind.dtype)
        if data.size > 0:
            attribute.read(data, mtype=kind)
            new.write(data, mtype=kind)


def copy_dataset(source, parent, name):
    creation = source.id.get_create_plist().copy()
    if creation.get_nfilters():
        creation.remove_filter(h5py.h5z.FILTER_DEFLATE)
    if source.maxshape and source.maxshape[0] is None:
        creation.set_chunk((min(max(1, source.shape[0]), 65536),) + source.shape[1:])
    else:
        creation.set_layout(h5py.h5d.CONTIGUOUS)
    kind, space = source.id.get_type(), source.id.get_space()
    data = numpy.empty(source.shape, dtype=kind.dtype)
    source.id.read(h5py.h5s.ALL, h5py.h5s.ALL, data, mtype=kind)
    target = h5py.h5d.create(parent.id, name.encode(), kind, space, creation)
    target.write(h5py.h5s.ALL, h5py.h5s.ALL, data, mtype=kind)
    copy_attributes(source, h5py.Dataset(target))


def copy_group(source, target):
    copy_attributes(source, target)
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            copy_group(item, target.create_group(name))
        else:
            copy_dataset(item, target, name)


def pack(path):
    creation, access = h5py.h5p.create(h5py.h5p.FILE_CREATE), h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    creation.set_attr_phase_change(64, 32)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    new = h5py.File(h5py.h5f.create((path + ".packed").encode(), h5py.h5f.ACC_TRUNC, creation, access))
    with h5py.File(path, "r") as old, new:
        copy_group(old, new)
    os.replace(path + ".packed", path)


for run in sys.argv[1:]:
    pack(run)
