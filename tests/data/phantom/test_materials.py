"""Attenuation: against values of NIST that the module does not hold."""

import numpy as np
import pytest

from xraydojo.data.phantom.materials import attenuation


def test_soft_tissue_is_near_water_and_bone_far_above():
    water = 0.0193  # 1/mm at 70 keV: NIST, between 0.2059 (60 keV) and 0.1837 cm^2/g (80 keV)
    assert attenuation("soft", 70) == pytest.approx(1.06 * water, rel=0.01)
    assert attenuation("fat", 70) < water < attenuation("soft", 70) < attenuation("bone", 70) / 2
    assert attenuation("lung", 70) == pytest.approx(0.26 / 1.06 * attenuation("soft", 70))


def test_at_an_energy_of_the_table_it_is_the_tables_value():
    assert attenuation("bone", 60) == pytest.approx(0.3148 * 1.92 / 10)
    assert attenuation("soft", 100) == pytest.approx(0.1693 * 1.06 / 10)


def test_attenuation_falls_with_energy_and_fastest_in_bone():
    energies = np.linspace(40, 100, 31)
    for tissue in ("soft", "fat", "bone", "lung"):
        assert (np.diff([attenuation(tissue, energy) for energy in energies]) < 0).all()
    assert attenuation("bone", 50) / attenuation("bone", 80) > attenuation("soft", 50) / attenuation(
        "soft", 80
    )


@pytest.mark.parametrize("energy", [39.9, 101])
def test_an_energy_outside_the_table_is_refused(energy):
    with pytest.raises(ValueError, match="40 to 100 keV"):
        attenuation("soft", energy)
