"""What tissues do to X-rays: linear attenuation coefficients between 40 and 100 keV."""

import numpy as np

EFFECTIVE_ENERGY = 70.0  # keV; a chest exposure at 120 kV behind the patient

# mass attenuation coefficients in cm^2/g at 40, 50, 60, 80 and 100 keV: J. H. Hubbell, S. M. Seltzer, NIST Standard Reference
# Database 126, table 4 (compositions of ICRU Report 44)
ENERGIES = np.array([40, 50, 60, 80, 100], float)
MASS_ATTENUATION = {
    "soft": np.array([0.2688, 0.2264, 0.2048, 0.1823, 0.1693]),
    "fat": np.array([0.2396, 0.2123, 0.1974, 0.1800, 0.1688]),
    "bone": np.array([0.6655, 0.4242, 0.3148, 0.2229, 0.1855]),
}
# g/cm^3, ICRU Report 44 (1989); a lung in full inspiration is three quarters air
DENSITY = {"soft": 1.06, "fat": 0.95, "bone": 1.92}
LUNG_DENSITY = 0.26


def attenuation(tissue: str, energy: float = EFFECTIVE_ENERGY) -> float:
    """Return the linear attenuation coefficient of a tissue.

    Parameters
    ----------
    tissue : {"soft", "fat", "bone", "lung"}
        Soft tissue, adipose tissue, cortical bone, or inflated lung, which is soft tissue of less density.
    energy : float, optional
        In keV, from 40 to 100; interpolated between the table's energies on logarithmic axes.

    Returns
    -------
    float
        In 1/mm.
    """
    if not ENERGIES[0] <= energy <= ENERGIES[-1]:
        raise ValueError(f"energy {energy} keV is outside the table, which goes from 40 to 100 keV")
    table = MASS_ATTENUATION["soft" if tissue == "lung" else tissue]
    per_mass = np.exp(np.interp(np.log(energy), np.log(ENERGIES), np.log(table)))
    return float(per_mass * (LUNG_DENSITY if tissue == "lung" else DENSITY[tissue]) / 10)
