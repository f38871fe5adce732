//! From attributes, base and descriptions of layers to the bytes of manifest and config. Nothing is read
//! here.

use anyhow::{Context as _, Result, bail, ensure};
use oci::{
    Descriptor, Digest, Family, LayerJson, Manifest, Platform,
    config::Config,
    json::canonical,
    manifest::{DOCKERS_MOST_LAYERS, Document},
    media_type::{self, Kind},
};
use serde_json::{Map, Value};

use super::{
    execution, history, replaced,
    spec::{MediaTypes, Spec},
};

/// From here on, whoever adds layers on top should hear of it.
const MANY_LAYERS: usize = 115;

/// Annotations that say which image of a registry an image is built on (OCI image-spec, annotations.md).
const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

/// A base image: its manifest and config.
#[derive(Debug)]
pub(super) struct Base {
    /// Of the manifest.
    digest: Digest,
    manifest: Manifest,
    config: Config,
    diff_ids: Vec<Digest>,
}

impl Base {
    /// Parses the two and checks that they belong together.
    pub(super) fn parse(manifest: &[u8], config: &[u8]) -> Result<Self> {
        let digest = Digest::of(manifest);
        let manifest = match Document::parse(manifest).context("the base's manifest")? {
            Document::Manifest(manifest) => manifest,
            Document::Index(_) => bail!("the base's manifest is an index: choose one of its images"),
        };
        let named = manifest.config.digest;
        let found = Digest::of(config);
        ensure!(
            named == found,
            "the base's manifest names the config {named}, and the config given is {found}: they are of two images"
        );
        let config = Config::parse(config).context("the base's config")?;
        let diff_ids = config.diff_ids().context("the base's config")?;
        ensure!(
            diff_ids.len() == manifest.layers.len(),
            "the base's manifest has {} layers and its config {}: the base is broken; pull or build it again",
            manifest.layers.len(),
            diff_ids.len()
        );
        Ok(Self { digest, manifest, config, diff_ids })
    }
}

/// Everything that an image is made of.
#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) spec: Spec,
    pub(super) base: Option<Base>,
    /// Those of the base's layers that are known, lowest first.
    pub(super) base_layers: Vec<LayerJson>,
    /// The layers on top of the base, lowest first.
    pub(super) layers: Vec<LayerJson>,
    /// RFC 3339.
    pub(super) created: String,
    /// Merged below the attributes.
    pub(super) fragment: Map<String, Value>,
}

/// An image but for its layers.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) manifest: Vec<u8>,
    pub(super) config: Vec<u8>,
    /// Of the manifest, with the platform.
    pub(super) descriptor: Descriptor,
}

/// Puts an image together.
pub(super) fn build(inputs: Inputs, mut warn: impl FnMut(&str)) -> Result<Image> {
    let Inputs { spec, base, base_layers, layers, created, fragment } = inputs;
    oci::timestamp::check(&created).context("created")?;
    let (mut config, platform) = start(&spec, base.as_ref())?;
    for layer in &layers {
        check_layer(layer, &platform)?;
    }
    replaced::check(&base_layers, &layers, &mut warn);
    execution::merge_fragment(&mut config, fragment)?;
    execution::apply(&mut config, &spec, base.is_some(), &mut warn)?;

    let base_descriptors: &[Descriptor] = base.as_ref().map_or(&[], |base| &base.manifest.layers);
    let count = base_descriptors.len() + layers.len();
    check_count(count, base_descriptors.len(), &mut warn);
    let mut diff_ids = base.as_ref().map_or_else(Vec::new, |base| base.diff_ids.clone());
    diff_ids.extend(layers.iter().map(|layer| layer.diff_id));
    config.set_diff_ids(&diff_ids);
    let history = history::extend(config.history()?, base_descriptors.len(), &layers, &created);
    config.set_history(&history)?;
    config.set_created(&created);
    let config = config.to_json()?;

    let family = family(spec.media_types, base.as_ref(), &layers)?;
    let descriptors = base_descriptors
        .iter()
        .cloned()
        .chain(layers.iter().map(LayerJson::descriptor))
        .map(|descriptor| {
            let media_type = media_type::in_family(&descriptor.media_type, family)?.to_owned();
            Ok(Descriptor { media_type, ..descriptor })
        })
        .collect::<Result<_>>()?;
    let config_type = Kind::Config.media_type(family).context("a family has a type of config")?;
    let mut manifest = Manifest::new(family, Descriptor::of(config_type, &config), descriptors);
    if let Some(base) = base {
        manifest.annotations = base.manifest.annotations;
        manifest.extra = base.manifest.extra;
        if let Some(reference) = spec.base_reference {
            manifest.annotations.insert(BASE_NAME.to_owned(), reference);
            manifest.annotations.insert(BASE_DIGEST.to_owned(), base.digest.to_string());
        }
    }
    let annotations = spec.annotations.unwrap_or_default();
    ensure!(!annotations.contains_key(""), "annotations: a key is empty: give it a name, or take it out");
    manifest.annotations.extend(annotations);

    let media_type = manifest.media_type.clone().context("a manifest has a media type")?;
    let manifest = canonical(&manifest)?;
    let descriptor = Descriptor { platform: Some(platform), ..Descriptor::of(media_type, &manifest) };
    Ok(Image { manifest, config, descriptor })
}

/// The config to begin with, and the platform of the image.
fn start(spec: &Spec, base: Option<&Base>) -> Result<(Config, Platform)> {
    match (base, &spec.platform) {
        (Some(base), None) => {
            let platform = base.config.platform().context("the base's config")?;
            if let Some(built_for) = &spec.built_for {
                ensure!(
                    built_for.fits(&platform),
                    "its platform {} is {}, and its base is for {platform}: use a base that has {}, or another platform",
                    built_for.label,
                    built_for.platform,
                    built_for.platform
                );
            }
            Ok((base.config.clone(), platform))
        }
        (None, Some(platform)) => {
            platform.check_known()?;
            Ok((Config::new(platform), platform.clone()))
        }
        (Some(base), Some(platform)) => {
            let base = base.config.platform().context("the base's config")?;
            bail!(
                "os and architecture ({platform}) are decided by the base, which is for {base}: leave them out"
            )
        }
        (None, None) => bail!("an image without a base needs os and architecture: set both, or set base"),
    }
}

fn check_layer(layer: &LayerJson, platform: &Platform) -> Result<()> {
    let created_by = &layer.history.created_by;
    ensure!(
        matches!(media_type::kind(&layer.media_type), Some(Kind::Layer { .. })),
        "the layer {created_by} has the media type {:?}, which is not a layer's",
        layer.media_type
    );
    if let Some(layer) = &layer.platform {
        ensure!(
            layer.matches(platform),
            "the layer {created_by} is for {layer}, and the image for {platform}: build both for one platform"
        );
    }
    Ok(())
}

fn check_count(count: usize, of_base: usize, warn: &mut impl FnMut(&str)) {
    let limit = if count > DOCKERS_MOST_LAYERS {
        format!("refuses more than {DOCKERS_MOST_LAYERS}")
    } else if count > MANY_LAYERS {
        format!("takes {DOCKERS_MOST_LAYERS} at most")
    } else {
        return;
    };
    let of_base = if of_base > 0 { format!(" ({of_base} of them its base's)") } else { String::new() };
    warn(&format!(
        "the image has {count} layers{of_base}, and Docker {limit}: merge some into one with oci_layer(tars = [...])"
    ));
}

/// Whose media types the image uses. A manifest and all that it names are of one family.
fn family(wanted: MediaTypes, base: Option<&Base>, layers: &[LayerJson]) -> Result<Family> {
    let zstd = layers.iter().find(|layer| media_type::is_zstd_layer(&layer.media_type));
    let base_zstd = || base.is_some_and(|base| base.manifest.layers.iter().any(Descriptor::is_zstd_layer));
    match wanted {
        MediaTypes::Oci => Ok(Family::Oci),
        MediaTypes::Base if zstd.is_some() || base_zstd() => Ok(Family::Oci),
        MediaTypes::Base => Ok(base.map_or(Family::Oci, |base| base.manifest.family())),
        MediaTypes::Docker => match zstd {
            Some(layer) => bail!(
                "media_types is \"docker\", and the layer {} is compressed with zstd, for which Docker has no media \
                 type: use compression = \"gzip\" there, or media_types = \"oci\"",
                layer.history.created_by
            ),
            None if base_zstd() => {
                bail!("media_types is \"docker\", and a layer of the base is zstd: use media_types = \"oci\"")
            }
            None => Ok(Family::Docker),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use oci::Compression;
    use oci_spec::image::{ImageConfiguration, ImageManifest};
    use serde_json::json;
    use testing::image;

    use super::*;
    use crate::built_for::BuiltFor;

    fn layer(label: &str, compression: Compression) -> LayerJson {
        image::layer(label, &[("x", label.as_bytes())], compression).metadata
    }

    fn scratch() -> Inputs {
        Inputs {
            spec: Spec { platform: Some(Platform::new("linux", "amd64")), ..Spec::default() },
            base: None,
            base_layers: vec![],
            layers: vec![layer("//app:layer", Compression::Gzip)],
            created: oci::timestamp::EPOCH.to_owned(),
            fragment: Map::new(),
        }
    }

    fn base(family: Family) -> Base {
        let layers = vec![image::layer("//base:layer", &[], Compression::Gzip)];
        let image = image::image(&Platform::new("linux", "arm64"), family, layers);
        Base::parse(&image.manifest, &image.config).unwrap()
    }

    fn on(base: Base) -> Inputs {
        Inputs { spec: Spec::default(), base: Some(base), ..scratch() }
    }

    fn built(inputs: Inputs) -> (ImageManifest, ImageConfiguration) {
        let image = build(inputs, |warning| panic!("{warning}")).unwrap();
        let manifest = ImageManifest::from_reader(image.manifest.as_slice()).unwrap();
        let config = ImageConfiguration::from_reader(image.config.as_slice()).unwrap();
        assert_eq!(manifest.config().digest().to_string(), Digest::of(&image.config).to_string());
        assert_eq!(config.rootfs().diff_ids().len(), manifest.layers().len());
        (manifest, config)
    }

    fn failed(inputs: Inputs) -> String {
        format!("{:#}", build(inputs, |_| ()).unwrap_err())
    }

    #[test]
    fn from_scratch_the_bytes_are_these() {
        let layer = layer("//app:layer", Compression::Gzip);
        let image = build(scratch(), |_| ()).unwrap();
        let config = format!(
            concat!(
                r#"{{"architecture":"amd64","config":{{}},"created":"1970-01-01T00:00:00Z","#,
                r#""history":[{{"created":"1970-01-01T00:00:00Z","created_by":"//app:layer"}}],"#,
                r#""os":"linux","rootfs":{{"diff_ids":["{}"],"type":"layers"}}}}"#
            ),
            layer.diff_id
        );
        assert_eq!(String::from_utf8(image.config).unwrap(), config);
        let manifest = format!(
            concat!(
                r#"{{"config":{{"digest":"{}","mediaType":"application/vnd.oci.image.config.v1+json","size":{}}},"#,
                r#""layers":[{{"digest":"{}","mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":{}}}],"#,
                r#""mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}}"#
            ),
            Digest::of(config.as_bytes()),
            config.len(),
            layer.digest,
            layer.size
        );
        assert_eq!(String::from_utf8(image.manifest.clone()).unwrap(), manifest);
        let expected = Descriptor::of(media_type::OCI_MANIFEST, &image.manifest);
        assert_eq!(
            image.descriptor,
            Descriptor { platform: Some(Platform::new("linux", "amd64")), ..expected }
        );
    }

    #[test]
    fn on_a_base() {
        let mut inputs = on(base(Family::Oci));
        inputs.spec.annotations = Some(BTreeMap::from([("k".to_owned(), "v".to_owned())]));
        inputs.created = "2024-01-01T00:00:00Z".to_owned();
        inputs.fragment = Map::from_iter([("config".to_owned(), json!({"OnBuild": ["x"]}))]);
        let (manifest, config) = built(inputs);
        assert_eq!(manifest.layers().len(), 2);
        assert_eq!(manifest.annotations().as_ref().unwrap()["k"], "v");
        assert_eq!(config.architecture().to_string(), "arm64");
        assert_eq!(config.created().as_deref(), Some("2024-01-01T00:00:00Z"));
        let by: Vec<_> = config.history().iter().flatten().map(|h| h.created_by().clone().unwrap()).collect();
        assert_eq!(by, ["//base:layer", "//app:layer"]);
        assert_eq!(
            config.config().as_ref().unwrap().user().as_deref(),
            Some("1000"),
            "what nobody sets stays"
        );
    }

    #[test]
    fn where_a_pulled_base_comes_from() {
        let digest = base(Family::Oci).digest.to_string();
        let annotations = |reference: Option<&str>, own: &[(&str, &str)]| {
            let mut inputs = on(base(Family::Oci));
            inputs.spec.base_reference = reference.map(str::to_owned);
            inputs.spec.annotations =
                Some(own.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
            let (manifest, _) = built(inputs);
            let annotations = manifest.annotations().clone().unwrap_or_default();
            [BASE_NAME, BASE_DIGEST].map(|key| annotations.get(key).cloned())
        };
        let reference = "registry.example/base:1";
        let cases: [(_, &[_], _); 3] = [
            (None, &[], [None, None]),
            (Some(reference), &[], [Some(reference), Some(&*digest)]),
            (Some(reference), &[(BASE_NAME, "mine")], [Some("mine"), Some(&*digest)]),
        ];
        for (reference, own, expected) in cases {
            assert_eq!(annotations(reference, own), expected.map(|text| text.map(str::to_owned)));
        }
    }

    #[test]
    fn families_are_never_mixed() {
        let wanted =
            |media_types, inputs: Inputs| Inputs { spec: Spec { media_types, ..inputs.spec }, ..inputs };
        let zstd = |inputs| Inputs { layers: vec![layer("//app:z", Compression::Zstd)], ..inputs };
        let cases = [
            (scratch(), Family::Oci),
            (on(base(Family::Oci)), Family::Oci),
            (on(base(Family::Docker)), Family::Docker),
            (wanted(MediaTypes::Oci, on(base(Family::Docker))), Family::Oci),
            (wanted(MediaTypes::Docker, on(base(Family::Oci))), Family::Docker),
            (wanted(MediaTypes::Docker, scratch()), Family::Docker),
            (zstd(on(base(Family::Docker))), Family::Oci),
        ];
        for (inputs, expected) in cases {
            let (manifest, _) = built(inputs);
            let types =
                manifest.layers().iter().chain([manifest.config()]).map(|d| d.media_type().to_string());
            for media_type in types.chain([manifest.media_type().as_ref().unwrap().to_string()]) {
                assert_eq!(media_type::classify(&media_type).unwrap().0, expected, "{media_type}");
            }
        }
        let error = failed(wanted(MediaTypes::Docker, zstd(scratch())));
        assert!(error.contains("//app:z") && error.contains("media_types = \"oci\""), "{error}");
    }

    #[test]
    fn platforms() {
        let for_platform = |platform: &str| Inputs {
            layers: vec![LayerJson {
                platform: Some(platform.parse().unwrap()),
                ..layer("//app:l", Compression::Gzip)
            }],
            ..scratch()
        };
        built(for_platform("linux/amd64"));
        let error = failed(for_platform("linux/arm64"));
        assert!(
            error.contains("the layer //app:l is for linux/arm64, and the image for linux/amd64"),
            "{error}"
        );
        let error = failed(Inputs { base: Some(base(Family::Oci)), ..for_platform("linux/amd64") });
        assert!(error.contains("(linux/amd64) are decided by the base, which is for linux/arm64"), "{error}");
        let error = failed(Inputs { spec: Spec::default(), ..scratch() });
        assert!(error.contains("needs os and architecture"), "{error}");
        for (os, architecture, expected) in
            [("linux", "x86_64", "did you mean \"amd64\"?"), ("lunix", "arm", "linux")]
        {
            let spec = Spec { platform: Some(Platform::new(os, architecture)), ..Spec::default() };
            let error = failed(Inputs { spec, ..scratch() });
            assert!(error.contains("unknown") && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_base_for_another_platform_than_it_is_built_for() {
        let built_for = |platform: &str| {
            let mut inputs = on(base(Family::Oci));
            inputs.spec.built_for =
                Some(BuiltFor { label: "//:platform".to_owned(), platform: platform.parse().unwrap() });
            inputs
        };
        built(built_for("linux/arm64/v8"));
        let error = failed(built_for("linux/amd64"));
        assert!(
            error.contains("its platform //:platform is linux/amd64, and its base is for linux/arm64"),
            "{error}"
        );
    }

    #[test]
    fn many_layers() {
        let warned = |inputs, count| {
            let layers = vec![layer("//app:layer", Compression::None); count];
            let mut warnings = Vec::new();
            build(Inputs { layers, ..inputs }, |warning| warnings.push(warning.to_owned())).unwrap();
            warnings.join("")
        };
        let counted = |count| warned(scratch(), count);
        assert_eq!(counted(115), "");
        assert!(counted(116).contains("has 116 layers, and Docker takes 125 at most"));
        assert!(
            counted(126).contains("Docker refuses more than 125: merge some into one with oci_layer(tars")
        );
        let base = Inputs { base: Some(base(Family::Oci)), spec: Spec::default(), ..scratch() };
        let warning = warned(base, 125);
        assert!(
            warning.starts_with("the image has 126 layers (1 of them its base's), and Docker refuses"),
            "{warning}"
        );
    }

    #[test]
    fn broken_bases() {
        let image = image::small();
        let parse =
            |manifest: &[u8], config: &[u8]| format!("{:#}", Base::parse(manifest, config).unwrap_err());
        let index = image::index(&[&image]);
        assert!(parse(&index, &image.config).contains("is an index"));
        assert!(parse(&image.manifest, b"{}").contains("of two images"));
        assert!(parse(b"{", b"{}").contains("the base's manifest"));
        let fewer = image::with_config(&image.platform, Family::Oci, image.layers.clone(), b"{}".to_vec());
        let error = parse(&fewer.manifest, &fewer.config);
        assert!(error.contains("has 1 layers and its config 0"), "{error}");
        let nowhere = image::with_config(&image.platform, Family::Oci, vec![], b"{}".to_vec());
        let error = failed(on(Base::parse(&nowhere.manifest, &nowhere.config).unwrap()));
        assert!(error.contains("the base's config"), "{error}");
    }

    #[test]
    fn other_bad_input() {
        let mut inputs = scratch();
        inputs.created = "now".to_owned();
        assert!(failed(inputs).contains("created: \"now\""));
        let mut inputs = scratch();
        inputs.layers[0].media_type = "text/plain".to_owned();
        assert!(failed(inputs).contains("//app:layer has the media type \"text/plain\""));
        let mut inputs = scratch();
        inputs.spec.annotations = Some(BTreeMap::from([(String::new(), String::new())]));
        assert!(failed(inputs).contains("a key is empty"));
    }
}
